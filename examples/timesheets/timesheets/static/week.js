// Saves a field of the grid as soon as it is left. Every save carries the identifier of its entry,
// so it may be sent again until it is answered: it is stored once.
"use strict";

const PAUSES_MS = [300, 700, 1500, 3000, 5000];
const AGAIN = new Set([502, 503, 504]);
const grid = document.getElementById("grid");
const said = document.getElementById("said");
const add = document.getElementById("add");

const written = (minutes) =>
  `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

function say(words, wrong = false) {
  said.textContent = words;
  said.classList.toggle("wrong", wrong);
}

async function send(method, entry, content) {
  for (let attempt = 0; ; attempt += 1) {
    const last = attempt === PAUSES_MS.length;
    try {
      const answer = await fetch(`/api/entries/${entry}`, {
        method,
        headers: { "Content-Type": "application/json" },
        body: content && JSON.stringify(content),
        signal: AbortSignal.timeout(10000),
      });
      if (last || !AGAIN.has(answer.status)) return answer;
    } catch (error) {
      if (last) throw new Error("No connection. Nothing is lost: leave the page open.");
    }
    say("Trying again …");
    await wait(PAUSES_MS[attempt]);
  }
}

async function outcome(answer) {
  if (answer.status === 204) return null;
  if (answer.status === 401) throw new Error("You have been signed out. Please sign in again.");
  const content = await answer.json().catch(() => ({}));
  if (answer.ok) return content;
  throw new Error(Object.values(content.problems ?? {})[0] ?? content.error ?? "Not saved.");
}

async function store(field) {
  const { entry, project, day } = field.dataset;
  const time = field.value.trim();
  if (["", "0", "0:00"].includes(time)) {
    if (field.defaultValue) await outcome(await send("DELETE", entry));
    return 0;
  }
  const content = { project: Number(project), day, time };
  return (await outcome(await send("PUT", entry, content))).minutes;
}

async function save(field) {
  field.classList.remove("wrong");
  if (field.value.trim() === field.defaultValue) return say("");
  field.classList.add("saving");
  say("Saving …");
  const sent = field.value;
  try {
    const minutes = await store(field);
    if (field.value === sent) field.value = minutes ? written(minutes) : "";
    field.defaultValue = minutes ? written(minutes) : "";
    field.dataset.minutes = minutes;
    total();
    say("Saved");
    list();
  } catch (error) {
    field.classList.add("wrong");
    say(error.message, true);
  }
  field.classList.remove("saving");
}

// One save of a field at a time, in the order in which they were made.
const queues = new Map();
function enqueue(field) {
  const before = queues.get(field) ?? Promise.resolve();
  const mine = before.then(() => save(field));
  queues.set(field, mine);
  return mine;
}

function total() {
  const columns = Array(8).fill(0);
  for (const row of grid.querySelectorAll("tbody tr")) {
    const minutes = [...row.cells].slice(1, 8).map(
      (cell) => Number(cell.querySelector("[data-minutes]")?.dataset.minutes ?? 0));
    const sum = minutes.reduce((one, other) => one + other, 0);
    minutes.forEach((each, number) => { columns[number] += each; });
    columns[7] += sum;
    row.cells[8].textContent = sum ? written(sum) : "";
  }
  const foot = grid.querySelector("tfoot tr");
  columns.forEach((each, number) => {
    foot.cells[number + 1].textContent = each || number === 7 ? written(each) : "";
  });
  document.getElementById("total").textContent = written(columns[7]);
}

// The list below the grid, as the service would show it now. Not worth a word if it cannot be had.
async function list() {
  const page = await fetch(location.href).then((answer) => answer.text()).catch(() => "");
  const fresh = new DOMParser().parseFromString(page, "text/html").getElementById("entries");
  if (fresh) document.getElementById("entries").replaceWith(fresh);
}

document.getElementById("save").hidden = true;
grid.addEventListener("change", (event) => {
  if (event.target.dataset.entry) enqueue(event.target);
});
grid.addEventListener("submit", (event) => {
  event.preventDefault();
  if (document.activeElement.dataset.entry) enqueue(document.activeElement);
});
add.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { id, day, project, time, note } = Object.fromEntries(new FormData(add));
  const button = add.querySelector("button");
  button.disabled = true;
  try {
    await outcome(await send("PUT", id, { day, project: Number(project), time, note }));
    location.reload();
  } catch (error) {
    say(error.message, true);
    button.disabled = false;
  }
});
