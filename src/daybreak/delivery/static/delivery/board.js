// A tab that nobody looks at asks for nothing; it catches up when it is looked at again.
addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.matches(".board")) event.preventDefault();
});
addEventListener("visibilitychange", () => {
  if (!document.hidden) htmx.trigger(".board", "look-now");
});
