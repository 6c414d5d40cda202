// What htmx exchanges goes wrong or takes time: say so. Danger asks before it happens.
import { toast } from "./toast.js";

/** @type {HTMLElement | null} */
let bar = null;
let running = 0;

document.addEventListener("htmx:beforeRequest", () => {
  running += 1;
  window.setTimeout(() => {
    if (running && !bar) {
      bar = document.createElement("div");
      bar.className = "loading-bar";
      document.body.append(bar);
    }
  }, 250);
});
document.addEventListener("htmx:afterRequest", () => {
  running = Math.max(0, running - 1);
  if (!running) {
    bar?.remove();
    bar = null;
  }
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const detail = /** @type {CustomEvent} */ (event).detail;
  const answer = /** @type {XMLHttpRequest} */ (detail.xhr);
  if (new URL(answer.responseURL || location.href, location.href).pathname === "/sign-in") {
    detail.shouldSwap = false;
    location.reload();
  } else if (answer.status >= 400) {
    // A fragment was made for this place (a form with its errors, why not): show it. A whole page becomes a sentence.
    const whole = !/^\s*<(?!!doctype|html)/i.test(answer.responseText);
    detail.shouldSwap = !whole;
    detail.isError = whole;
    if (whole) toast(sentence(answer), "danger");
  }
});
document.addEventListener("htmx:sendError", () => toast("The server cannot be reached.", "danger"));

/**
 * What an error page says, in one line.
 * @param {XMLHttpRequest} answer
 */
function sentence(answer) {
  const page = new DOMParser().parseFromString(answer.responseText, "text/html");
  const heading = page.querySelector("h1")?.textContent?.trim() || `The server answered ${answer.status}`;
  return `${heading}. ${page.querySelector("#content p:not(.brand), .notice")?.textContent?.trim() ?? ""}`;
}

document.addEventListener("htmx:confirm", (event) => {
  const { question, issueRequest } = /** @type {CustomEvent} */ (event).detail;
  if (!question) return;
  event.preventDefault();
  void ask(question).then((yes) => yes && issueRequest(true));
});
document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const submitter = /** @type {HTMLElement | null} */ (/** @type {SubmitEvent} */ (event).submitter);
  const question = submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!question || form.dataset.confirmed === question) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  void ask(question).then((yes) => {
    if (!yes) return;
    form.dataset.confirmed = question;
    form.requestSubmit(submitter);
    delete form.dataset.confirmed;
  });
}, true);

/**
 * Ask in the page's own dialog; true when the person goes on.
 * @param {string} question
 * @returns {Promise<boolean>}
 */
export function ask(question) {
  const dialog = document.getElementById("confirm");
  const text = document.getElementById("confirm-text");
  if (!(dialog instanceof HTMLDialogElement) || !text) return Promise.resolve(window.confirm(question));
  text.textContent = question;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
