"use strict";
// Tables that sort by a click on a heading; the values to sort by stand in data-v.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach(function (head, column) {
    const button = head.querySelector("button");
    if (!button) return;
    button.addEventListener("click", function () {
      const up = head.getAttribute("aria-sort") === "descending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const value = row => row.cells[column].dataset.v ?? row.cells[column].textContent;
      const compare = function (a, b) {
        const x = value(a), y = value(b);
        if (x === "" || y === "") return x === y ? 0 : x === "" ? 1 : -1;
        const byNumber = !Number.isNaN(Number(x)) && !Number.isNaN(Number(y));
        const order = byNumber ? Number(x) - Number(y) : x.localeCompare(y, "en", { numeric: true });
        return up ? order : -order;
      };
      [...body.rows].sort(compare).forEach(row => body.appendChild(row));
    });
  });
}
