// The filter, and "try it". The page is complete without this script.
const tools = document.querySelector(".tools");
const token = document.querySelector("#token");
const LONGEST = 30_000; // milliseconds that a response may take

tools.hidden = false;
document.querySelector("#filter").addEventListener("input", (event) => {
  const words = event.target.value.toLowerCase().split(/\s+/);
  for (const each of document.querySelectorAll("[data-text]")) {
    const text = each.dataset.text.toLowerCase();
    each.hidden = !words.every((word) => text.includes(word));
  }
});

for (const form of document.querySelectorAll("form.try")) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}

async function send(form) {
  const { method, path } = form.closest("article").dataset;
  const output = form.querySelector("pre");
  const button = form.querySelector("button");
  const headers = {};
  if (token.value) headers.Authorization = `Bearer ${token.value.trim()}`;
  if (form.elements.body) headers["Content-Type"] = "application/json";
  output.hidden = false;
  output.textContent = "...";
  button.disabled = true;
  try {
    const response = await fetch(urlOf(form, path), {
      method: method.toUpperCase(),
      headers,
      body: form.elements.body?.value,
      signal: AbortSignal.timeout(LONGEST),
    });
    output.textContent = `${response.status} ${response.statusText}\n\n${pretty(await response.text())}`;
  } catch (error) {
    output.textContent = `No response: ${error.message}`;
  } finally {
    button.disabled = false;
  }
}

function urlOf(form, path) {
  const query = new URLSearchParams();
  for (const input of form.querySelectorAll("input")) {
    if (input.dataset.in === "path") {
      path = path.replaceAll(`{${input.name}}`, encodeURIComponent(input.value));
    } else if (input.value) {
      query.append(input.name, input.value);
    }
  }
  const text = query.toString();
  return document.body.dataset.server + path + (text ? `?${text}` : "");
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
