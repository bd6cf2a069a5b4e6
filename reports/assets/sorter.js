"use strict";
// Adds sorting to tables that say they allow it. Without this script every table is whole and in its first order.
(function () {
  const order = new Intl.Collator("en-GB", { numeric: true, sensitivity: "base" });
  const arrows = { none: " \u25B4\u25BE", ascending: " \u25B2", descending: " \u25BC" };
  const key = (row, at) => row.cells[at].getAttribute("data-sort");
  // A dash, or nothing, stays at the end whichever way the column is sorted.
  const compare = (a, b, way) => (a === "") - (b === "") || way * order.compare(a, b);

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const status = document.createElement("p");
    status.className = "govuk-visually-hidden";
    status.setAttribute("role", "status");
    table.parentNode.after(status);

    const show = (head) => {
      head.querySelector(".app-arrow").textContent = arrows[head.getAttribute("aria-sort")];
    };
    heads.forEach((head, at) => {
      const label = head.textContent.trim();
      const button = document.createElement("button");
      const arrow = document.createElement("span");
      button.type = "button";
      button.textContent = label;
      arrow.className = "app-arrow";
      arrow.setAttribute("aria-hidden", "true");
      button.append(arrow);
      head.replaceChildren(button);
      show(head);
      button.addEventListener("click", () => {
        const word = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
        const way = word === "ascending" ? 1 : -1;
        body.append(...[...body.rows].sort((a, b) => compare(key(a, at), key(b, at), way)));
        for (const other of heads) {
          other.setAttribute("aria-sort", other === head ? word : "none");
          show(other);
        }
        status.textContent = "Sorted by " + label + ", " + word;
      });
    });
  }
})();
