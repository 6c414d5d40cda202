// Copies data-text to the clipboard and says so.
import { toast } from "../toast.js";

/** @param {HTMLElement} button */
export default function copy(button) {
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    const text = button.dataset.text ?? "";
    try {
      await navigator.clipboard.writeText(text);
      toast("Copied.", "success");
    } catch {
      toast("The browser did not let us copy.", "warning");
    }
  });
}
