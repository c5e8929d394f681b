// "Copy link" buttons: copy the address in data-copy, answer in place, and say so to screen readers.
"use strict";
(() => {
  const ANSWER_MS = 2500;

  const status = document.createElement("p");
  status.setAttribute("role", "status");
  status.className = "unseen";
  document.body.append(status);

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      answer(button, "Copied");
    } catch {
      showAddress(button); // no permission, or a page not served over HTTPS
    }
  }

  function answer(button, words) {
    const name = (button.dataset.words ||= button.textContent);
    button.textContent = words;
    status.textContent = words;
    clearTimeout(button.timer);
    button.timer = setTimeout(() => {
      button.textContent = name;
      status.textContent = "";
    }, ANSWER_MS);
  }

  function showAddress(button) {
    let field = button.previousElementSibling;
    if (field?.tagName !== "INPUT") {
      field = document.createElement("input");
      field.readOnly = true;
      field.className = "copy-address";
      field.value = button.dataset.copy;
      field.setAttribute("aria-label", "Address to copy");
      button.before(field);
    }
    field.focus();
    field.select();
    answer(button, "Selected");
  }

  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
})();
