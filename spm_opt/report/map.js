"use strict";
(function () {
  const source = document.getElementById("map-data");
  if (!source) return;
  const data = JSON.parse(source.textContent);
  const canvas = document.getElementById("map");
  const tip = document.getElementById("tip");
  const legend = document.getElementById("legend");
  const picker = document.getElementById("view");
  const places = document.getElementById("places");
  const ctx = canvas.getContext("2d");
  const [width, height] = data.grid;
  const T = data.territories;
  let today = false, printing = false, hover = null, view = data.views[0];
  let scale = 1, left = 0, top = 0, fit = 1, asked = false;

  // Whole numbers, seven bits a byte, lowest first.
  function numbers(text) {
    const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0)), out = [];
    for (let i = 0; i < bytes.length;) {
      let value = 0, factor = 1, byte;
      do { byte = bytes[i++]; value += (byte & 127) * factor; factor *= 128; } while (byte > 127);
      out.push(value);
    }
    return out;
  }
  function positions(text) {
    const raw = numbers(text), out = [];
    let x = 0, y = 0;
    for (let i = 0; i < raw.length; i += 2) {
      x += (raw[i] >>> 1) ^ -(raw[i] & 1);
      y += (raw[i + 1] >>> 1) ^ -(raw[i + 1] & 1);
      out.push([x, y]);
    }
    return out;
  }

  // Polygons; every border segment remembers the units on its two sides.
  const U = data.units, count = U.id.length;
  const counts = numbers(U.counts), corners = positions(U.steps);
  const paths = [], boxes = [], segments = new Map(), where = new Map();
  function corner(p) {
    const key = p[0] * 65536 + p[1];
    let at = where.get(key);
    if (at === undefined) { at = where.size; where.set(key, at); }
    return at;
  }
  let ring = count, next = 0;
  for (let u = 0; u < count; u++) {
    const path = new Path2D(), box = [1e9, 1e9, -1e9, -1e9];
    for (let r = 0; r < counts[u]; r++) {
      const n = counts[ring++];
      for (let i = 0; i < n; i++) {
        const p = corners[next + i], q = corners[next + (i + 1) % n];
        if (i === 0) path.moveTo(p[0], p[1]); else path.lineTo(p[0], p[1]);
        box[0] = Math.min(box[0], p[0]); box[1] = Math.min(box[1], p[1]);
        box[2] = Math.max(box[2], p[0]); box[3] = Math.max(box[3], p[1]);
        const a = corner(p), b = corner(q), key = a < b ? a * 4194304 + b : b * 4194304 + a;
        const known = segments.get(key);
        if (known) known[5] = u; else segments.set(key, [p[0], p[1], q[0], q[1], u, -1]);
      }
      path.closePath();
      next += n;
    }
    paths.push(path); boxes.push(box);
  }
  const P = data.points, spots = positions(P.at);
  const D = data.dots && {
    at: positions(data.dots.at),
    plan: numbers(data.dots.plan).map(v => v - 1),
    now: numbers(data.dots.now).map(v => v - 1),
  };
  const seats = positions(data.seats.at);

  function edgePath(different) {
    const path = new Path2D();
    for (const s of segments.values()) {
      if (different(s[4], s[5])) { path.moveTo(s[0], s[1]); path.lineTo(s[2], s[3]); }
    }
    return path;
  }
  const held = today => (today ? data.near || U.now : U.plan);
  const outline = edgePath((a, b) => b < 0);
  const borders = {};
  function border() {
    const holder = held(today), key = today ? "now" : "plan";
    if (!borders[key]) borders[key] = edgePath((a, b) => b >= 0 && holder[a] !== holder[b]);
    return borders[key];
  }

  // Colours.
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => dark.matches && !printing;
  const OFF = [[178, 88, 20], [244, 178, 110], [238, 238, 234], [140, 186, 222], [28, 92, 158]];
  function ramp(stops, share) {
    const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1), i = Math.min(Math.floor(at), stops.length - 2);
    return "rgb(" + stops[i].map((c, j) => Math.round(c + (stops[i + 1][j] - c) * (at - i))).join(",") + ")";
  }
  const nobody = () => (isDark() ? "#3a3f46" : "#dcdfe3");
  const quiet = () => (isDark() ? "#333a44" : "#e6e8eb");
  const changed = "#e07b39";
  function reach() {
    let most = 0.05;
    for (const list of [view.plan, view.now]) for (const v of list || []) if (v !== null) most = Math.max(most, Math.abs(v));
    return Math.min(most, Math.max(0.4, 2 * (view.tolerance || 0)));
  }
  function colour(kind, i) {
    const set = kind === "unit" ? U : kind === "point" ? P : D;
    const t = (kind === "unit" ? held(today) : today ? set.now : set.plan)[i];
    if (view.kind === "moved") {
      if (kind === "dot") return set.now[i] >= 0 && set.now[i] !== set.plan[i] ? changed : quiet();
      return set.moved[i] > 0 ? changed : quiet();
    }
    if (t < 0) return nobody();
    if (view.kind === "territory") return data.palette[T.colour[t]];
    if (view.kind === "group") {
      const g = T.groups[view.key];
      return g.of[t] < 0 ? nobody() : data.palette[g.colour[g.of[t]]];
    }
    const list = (today && view.now) || view.plan, v = list[t];
    if (v === null) return nobody();
    return view.kind === "deviation" ? ramp(OFF, 0.5 + v / (2 * reach())) : ramp(OFF, v);
  }

  // Drawing.
  function size() {
    const box = canvas.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
    canvas.width = Math.max(1, Math.round(box.width * ratio));
    canvas.height = Math.max(1, Math.round(box.height * ratio));
    fit = Math.min((canvas.width - 24 * ratio) / width, (canvas.height - 24 * ratio) / height);
    draw();
  }
  function zoomed() { return fit * scale; }
  function shift() {
    const z = zoomed();
    return [(canvas.width - width * z) / 2 + left, (canvas.height - height * z) / 2 + top];
  }
  function draw() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(function () { asked = false; paint(); });
  }
  function diamond(x, y, r) {
    ctx.beginPath();
    ctx.moveTo(x, y - r); ctx.lineTo(x + r, y); ctx.lineTo(x, y + r); ctx.lineTo(x - r, y);
    ctx.closePath();
  }
  function paint() {
    const z = zoomed(), [sx, sy] = shift(), ratio = window.devicePixelRatio || 1;
    const ink = isDark() ? "#0f1419" : "#ffffff", line = isDark() ? "#e8eaed" : "#20262e";
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, canvas.width, canvas.height);
    ctx.setTransform(z, 0, 0, z, sx, sy);
    ctx.lineJoin = "round";
    const full = isDark() && (view.kind === "territory" || view.kind === "group") ? 0.82 : 1;
    for (let u = 0; u < count; u++) {
      ctx.globalAlpha = today && U.now[u] < 0 && view.kind !== "moved" ? full * 0.4 : full;
      ctx.fillStyle = ctx.strokeStyle = colour("unit", u);
      ctx.fill(paths[u], "evenodd");
      ctx.lineWidth = 0.6 * ratio / z;
      ctx.stroke(paths[u]);
    }
    ctx.globalAlpha = 1;
    if (scale > 2.5 && count) {
      ctx.strokeStyle = ink; ctx.globalAlpha = 0.45; ctx.lineWidth = 0.6 * ratio / z;
      for (const path of paths) ctx.stroke(path);
      ctx.globalAlpha = 1;
    }
    if (count) {
      ctx.strokeStyle = line;
      ctx.globalAlpha = 0.35; ctx.lineWidth = 0.8 * ratio / z; ctx.stroke(outline);
      ctx.globalAlpha = 0.85; ctx.lineWidth = 1.1 * ratio / z; ctx.stroke(border());
      ctx.globalAlpha = 1;
    }
    if (hover && hover.kind === "unit") {
      ctx.strokeStyle = line; ctx.lineWidth = 2.4 * ratio / z; ctx.stroke(paths[hover.at]);
    }
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    const screen = p => [p[0] * z + sx, p[1] * z + sy];
    const near = Math.min(1.6, Math.sqrt(scale)) * Math.min(1, Math.max(0.6, canvas.width / ratio / 900));
    if (D && places.checked) {
      const r = (D.at.length > 1500 ? 1.5 : 3) * ratio * near;
      for (let i = 0; i < D.at.length; i++) {
        const [x, y] = screen(D.at[i]);
        ctx.fillStyle = view.kind === "moved" ? colour("dot", i) : "#20262e";
        ctx.globalAlpha = view.kind === "moved" ? 1 : 0.55;
        ctx.fillRect(x - r / 2, y - r / 2, r, r);
      }
      ctx.globalAlpha = 1;
    }
    if (spots.length && (!count || places.checked)) {
      for (let i = 0; i < spots.length; i++) {
        const [x, y] = screen(spots[i]), on = hover && hover.kind === "point" && hover.at === i;
        ctx.fillStyle = colour("point", i);
        if (count) diamond(x, y, (on ? 7 : 4.5) * ratio * near);
        else { ctx.beginPath(); ctx.arc(x, y, (on ? 6 : 3.4) * ratio * near, 0, 7); }
        ctx.fill();
        ctx.strokeStyle = line; ctx.lineWidth = (on ? 1.8 : 0.7) * ratio; ctx.stroke();
      }
    }
    for (const p of seats) {
      const [x, y] = screen(p);
      ctx.beginPath(); ctx.arc(x, y, 3 * ratio * near, 0, 7);
      ctx.fillStyle = line; ctx.fill();
      ctx.strokeStyle = ink; ctx.lineWidth = 1.4 * ratio; ctx.stroke();
    }
  }

  // What lies under the pointer.
  function find(event) {
    const box = canvas.getBoundingClientRect(), ratio = canvas.width / box.width;
    const px = (event.clientX - box.left) * ratio, py = (event.clientY - box.top) * ratio;
    const z = zoomed(), [sx, sy] = shift(), x = (px - sx) / z, y = (py - sy) / z;
    if (!count || places.checked) {
      let best = -1, nearest = Math.pow(9 * ratio / z, 2);
      for (let i = 0; i < spots.length; i++) {
        const d = Math.pow(spots[i][0] - x, 2) + Math.pow(spots[i][1] - y, 2);
        if (d < nearest) { nearest = d; best = i; }
      }
      if (best >= 0) return { kind: "point", at: best };
    }
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    for (let u = 0; u < count; u++) {
      const b = boxes[u];
      if (x >= b[0] && x <= b[2] && y >= b[1] && y <= b[3] && ctx.isPointInPath(paths[u], x, y, "evenodd")) {
        return { kind: "unit", at: u };
      }
    }
    return null;
  }
  function who(t) { return t < 0 ? "nobody" : T.id[t] + (T.seller[t] === T.id[t] ? "" : " \u00b7 " + T.seller[t]); }
  function add(text, kind) {
    const row = document.createElement("div");
    row.textContent = text;
    if (kind) row.className = kind;
    tip.appendChild(row);
  }
  function tell(event) {
    const found = find(event);
    const same = found && hover && found.kind === hover.kind && found.at === hover.at;
    hover = found;
    if (!same) {
      tip.textContent = "";
      if (found) {
        const set = found.kind === "unit" ? U : P, i = found.at, t = set.plan[i];
        add(set.name[i] || set.id[i], "head");
        if (set.name[i] && set.name[i] !== set.id[i]) add(set.id[i], "soft");
        add("plan: " + who(t));
        if (data.today && set.accounts[i]) add("today: " + who(set.now[i]), set.now[i] !== t ? "warm" : "");
        data.activities.forEach((name, m) => add(name + ": " + set.sizes[m][i].toLocaleString("en")));
        if (set.accounts[i] !== 1 || found.kind === "unit") {
          add("accounts: " + set.accounts[i] + (set.moved[i] ? ", " + set.moved[i] + " change hands" : ""));
        }
        if (t >= 0) add("quota " + T.quota[t] + ", " + T.odds[t] + " chance to attain", "soft");
      }
      draw();
    }
    tip.hidden = !found;
    if (found) {
      const box = canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
      tip.style.left = Math.max(4, x > box.width / 2 ? x - tip.offsetWidth - 14 : x + 14) + "px";
      tip.style.top = Math.max(4, Math.min(y + 12, box.height - tip.offsetHeight - 4)) + "px";
    }
  }
  function leave() { hover = null; tip.hidden = true; draw(); }

  // Zoom and pan; a single finger scrolls the page until the map is zoomed in.
  function zoom(factor, px, py) {
    const old = scale;
    scale = Math.min(Math.max(scale * factor, 1), 40);
    const x = px - canvas.width / 2, y = py - canvas.height / 2;
    left = x - (x - left) * scale / old;
    top = y - (y - top) * scale / old;
    if (scale === 1) { left = 0; top = 0; }
    canvas.classList.toggle("zoomed", scale > 1);
    draw();
  }
  function middle(factor) { zoom(factor, canvas.width / 2, canvas.height / 2); }
  const fingers = new Map();
  function at(event) {
    const box = canvas.getBoundingClientRect(), ratio = canvas.width / box.width;
    return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
  }
  canvas.addEventListener("pointerdown", function (event) {
    fingers.set(event.pointerId, at(event));
    canvas.setPointerCapture(event.pointerId);
    tell(event);
  });
  canvas.addEventListener("pointermove", function (event) {
    const before = fingers.get(event.pointerId);
    if (!before) { tell(event); return; }
    const now = at(event);
    if (fingers.size === 1) {
      if (scale > 1) { left += now[0] - before[0]; top += now[1] - before[1]; draw(); }
    } else {
      const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
      const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]) || 1;
      zoom(apart(now, other) / apart(before, other), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    }
    fingers.set(event.pointerId, now);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, event => fingers.delete(event.pointerId));
  }
  canvas.addEventListener("pointerleave", leave);
  canvas.addEventListener("dblclick", event => zoom(2, ...at(event)));
  canvas.addEventListener("wheel", function (event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 300), ...at(event));
  }, { passive: false });
  canvas.addEventListener("keydown", function (event) {
    const step = 60 * (window.devicePixelRatio || 1);
    const move = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[event.key];
    if (event.key === "+" || event.key === "=") middle(1.5);
    else if (event.key === "-") middle(1 / 1.5);
    else if (move && scale > 1) { left += move[0]; top += move[1]; draw(); } else return;
    event.preventDefault();
  });
  document.getElementById("closer").addEventListener("click", () => middle(1.6));
  document.getElementById("wider").addEventListener("click", () => middle(1 / 1.6));
  document.getElementById("whole").addEventListener("click", () => middle(0));

  // Controls and legend.
  function swatch(text, fill) {
    const item = document.createElement("span"), box = document.createElement("i");
    box.style.background = fill;
    item.append(box, text);
    legend.appendChild(item);
  }
  function explain() {
    legend.textContent = "";
    const say = text => { const item = document.createElement("span"); item.textContent = text; legend.appendChild(item); };
    if (view.kind === "territory") say("Neighbouring territories differ in colour; point at the map for names.");
    if (view.kind === "group") T.groups[view.key].names.forEach((name, g) => swatch(name, data.palette[T.groups[view.key].colour[g]]));
    if (view.kind === "deviation") {
      const r = reach();
      [-1, -0.5, 0, 0.5, 1].forEach(function (s) {
        const sign = s > 0 ? "+" : s < 0 ? "\u2212" : "", end = Math.abs(s) === 1 ? (s > 0 ? " or more" : " or less") : "";
        swatch(sign + Math.round(Math.abs(s) * r * 100) + " %" + end, ramp(OFF, 0.5 + s / 2));
      });
    }
    if (view.kind === "odds") [0, 0.25, 0.5, 0.75, 1].forEach(s => swatch(s * 100 + " %", ramp(OFF, s)));
    if (view.kind === "moved") {
      swatch("has accounts that change hands", changed);
      swatch("nothing changes", quiet());
    }
    if (today && count) say("pale: no account with a seller here, coloured like its neighbours");
    say("\u25cf seats" + (spots.length && count ? ", \u25c6 accounts assigned singly" : ""));
  }
  data.views.forEach(function (one, i) {
    const option = document.createElement("option");
    option.value = i; option.textContent = one.label;
    picker.appendChild(option);
  });
  picker.addEventListener("change", function () { view = data.views[picker.value]; explain(); draw(); });
  for (const button of document.querySelectorAll("[data-plan]")) {
    button.addEventListener("click", function () {
      today = button.dataset.plan === "today";
      document.querySelectorAll("[data-plan]").forEach(b => b.setAttribute("aria-pressed", String(b === button)));
      explain();
      draw();
    });
  }
  if (!D && !(spots.length && count)) places.closest("label").hidden = true;
  places.addEventListener("change", draw);
  dark.addEventListener("change", function () { explain(); draw(); });
  window.addEventListener("resize", size);
  window.addEventListener("beforeprint", function () { printing = true; size(); paint(); });
  window.addEventListener("afterprint", function () { printing = false; size(); });
  document.getElementById("map-controls").hidden = false;
  explain();
  size();
  paint();
})();
