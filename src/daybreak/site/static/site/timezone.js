// Fills the hidden or empty time zone fields with the browser's own zone, so that "morning" means the reader's.
"use strict";
for (const field of document.querySelectorAll('input[name="time_zone"][data-guess]')) {
  if (!field.value) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
}
