"use strict";
// Shows how the hours of one account or of one position come about: patterns of text whose holes are filled with numbers.
(function () {
  const data = JSON.parse(document.getElementById("hours-data").textContent);
  const field = document.getElementById("hours-name"), out = document.getElementById("hours-steps");
  const HOLE = "\uFFFC", SHOWN = 8;
  const kinds = [["account", data.accounts], ["position", data.sellers]].filter(kind => kind[1]);
  const unfolded = function (folded, at) {
    const numbers = folded.numbers[at].split(" ");
    let next = 0;
    return folded.patterns[folded.kind[at]].map(text => text.replaceAll(HOLE, () => numbers[next++]));
  };
  const element = function (name, text, kind) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };
  const table = function (heads, cells, numeric) {
    const box = element("div", undefined, "scroll"), made = element("table"), head = made.createTHead().insertRow();
    heads.forEach((text, column) => head.appendChild(element("th", text, numeric(column) ? "n" : "")));
    const body = made.createTBody();
    for (let at = 0; at < cells.length; at += heads.length) {
      const row = body.insertRow();
      for (let c = 0; c < heads.length; c++) row.appendChild(element("td", cells[at + c], numeric(c) ? "n" : ""));
    }
    box.appendChild(made);
    return box;
  };
  const show = function (kind, set, at) {
    const name = set.names[at] ? ", " + set.names[at] : "";
    out.replaceChildren(element("h4", kind + " " + set.ids[at] + name));
    out.appendChild(table(["step", "how", "comes to"], unfolded(set, at), column => column === 2));
    if (set.by_month) out.appendChild(table(data.months, unfolded(set.by_month, at), column => column > 0));
  };
  const suggest = function (found) {
    out.replaceChildren(element("p", found.length ? "" : "Nothing has this id or name.", "note"));
    for (const [kind, set, at] of found.slice(0, SHOWN)) {
      const button = element("button", set.ids[at] + (set.names[at] ? ", " + set.names[at] : ""));
      button.type = "button";
      button.addEventListener("click", function () { field.value = set.ids[at]; show(kind, set, at); });
      out.appendChild(button);
    }
    if (found.length > SHOWN) out.appendChild(element("p", "and more", "note"));
  };
  field.addEventListener("input", function () {
    const wanted = field.value.trim().toLowerCase(), found = [];
    if (!wanted) { out.replaceChildren(); return; }
    for (const [kind, set] of kinds) {
      const exact = set.ids.findIndex(id => id.toLowerCase() === wanted);
      if (exact >= 0) { show(kind, set, exact); return; }
      for (let at = 0; at < set.ids.length && found.length <= SHOWN; at++) {
        if (set.ids[at].toLowerCase().startsWith(wanted) || set.names[at].toLowerCase().includes(wanted)) {
          found.push([kind, set, at]);
        }
      }
    }
    suggest(found);
  });
  if (data.sellers) {
    const pick = document.getElementById("hours-position");
    data.sellers.ids.forEach((id, at) => pick.add(new Option(id + ", " + data.sellers.names[at], at)));
    pick.addEventListener("change", function () {
      if (pick.value === "") return;
      field.value = data.sellers.ids[pick.value];
      show("position", data.sellers, Number(pick.value));
    });
    document.getElementById("hours-pick").hidden = false;
  }
  if (kinds.length) {
    document.getElementById("hours-controls").hidden = false;
    const [kind, set] = kinds[0];
    if (set.ids.length) { field.value = set.ids[0]; show(kind, set, 0); }
  }
})();
