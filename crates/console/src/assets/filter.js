// A filter's form sends what is filled in, and nothing else.
for (const form of document.querySelectorAll("details.filter form")) {
  form.addEventListener("submit", () => {
    for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
  });
  // Back from the list that it led to, all can be filled in again.
  addEventListener("pageshow", () => {
    for (const field of form.elements) field.disabled = false;
  });
}
