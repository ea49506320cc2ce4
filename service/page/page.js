// The page: what the reader does, what the service says, and who is told.

import { events, Problem, send } from "./events.js";
import { aboutOf, Exchange, titleOf } from "./exchange.js";

const KEY = "twin-api-key";
const byId = (id) => document.getElementById(id);
const question = byId("question");
let running = null;

function announce(text) {
  byId("announcement").textContent = text;
}

// Asking

async function ask(query) {
  const filters = chosenFilters();
  const k = Number(byId("k").value) || null;
  const exchange = new Exchange(query, { onSource: showSource, onAgain: () => running ?? ask(query) });
  byId("welcome").hidden = true;
  byId("exchanges").append(exchange.element);
  exchange.element.scrollIntoView({ block: "start" });
  running = new AbortController();
  showRunning(true);
  try {
    await follow(exchange, { query, k, filters }, running.signal);
  } catch (error) {
    if (error.name === "AbortError") {
      exchange.stopped();
      announce("Stopped.");
    } else {
      tellFailure(exchange, error);
    }
  } finally {
    running = null;
    showRunning(false);
  }
}

async function follow(exchange, body, signal) {
  const response = await send("/rag/stream", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    key: sessionStorage.getItem(KEY),
    signal,
  });
  for await (const { kind, data } of events(response)) {
    if (kind === "stage") announce(exchange.stage(data.stage));
    else if (kind === "sources") exchange.showSources(data.sources);
    else if (kind === "token") stayAtEnd(() => exchange.append(data.text));
    else if (kind === "error") throw new Problem(data);
    else if (kind === "done") {
      exchange.done(data);
      announce(`Answer: ${data.answer}`);
      return;
    }
  }
  throw new Problem({ title: "The answer broke off", detail: "The service ended the answer before it was whole." });
}

function tellFailure(exchange, error) {
  const problem = error instanceof Problem ? error : new Problem({ title: "The page failed", detail: String(error) });
  exchange.failed(problem);
  announce("");
  if (problem.status === 401 || problem.status === 403) openKey(problem.detail);
}

/** Keep the newest line in view while the reader is at the end, and leave it alone while he is not. */
function stayAtEnd(change) {
  const root = document.scrollingElement;
  const isAtEnd = root.scrollHeight - root.scrollTop - root.clientHeight < 120;
  change();
  if (isAtEnd) root.scrollTop = root.scrollHeight;
}

function showRunning(isRunning) {
  byId("send").hidden = isRunning;
  byId("stop").hidden = !isRunning;
}

function grow() {
  question.style.height = "auto";
  question.style.height = `${Math.min(question.scrollHeight, 192)}px`;
}

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const query = question.value.trim();
  if (!query || running) return;
  question.value = "";
  grow();
  ask(query);
});
question.addEventListener("input", grow);
question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    byId("ask").requestSubmit();
  }
});
byId("stop").addEventListener("click", () => {
  running?.abort();
  question.focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) running?.abort();
});

// Sources

function showSource(source) {
  byId("source-title").textContent = `${source.number}. ${titleOf(source)}`;
  byId("source-about").textContent = [aboutOf(source), `passage ${source.position + 1} of ${source.passages}`]
    .filter(Boolean)
    .join(" · ");
  byId("source-heading").textContent = source.heading === titleOf(source) ? "" : source.heading;
  byId("source-text").textContent = source.text;
  byId("source-scores").textContent = `${source.document} · similarity ${source.similarity.toFixed(2)}`;
  const link = byId("source-link");
  link.hidden = !isWebLink(source.link);
  link.href = link.hidden ? "#" : source.link;
  byId("source").showModal();
  byId("source-title").focus();
}

/** Only these: a document's link is data, and `javascript:` would be a script. */
function isWebLink(link) {
  try {
    return ["http:", "https:"].includes(new URL(link).protocol);
  } catch {
    return false;
  }
}

for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
  });
}

// Filters

function chosenFilters() {
  const values = { author: "author", category: "category", date_from: "date-from", date_to: "date-to" };
  const chosen = Object.entries(values).map(([name, id]) => [name, byId(id).value]);
  return Object.fromEntries(chosen.filter(([, value]) => value));
}

byId("filters").addEventListener("input", () => {
  const count = Object.keys(chosenFilters()).length;
  byId("filters-count").textContent = count ? ` (${count})` : "";
});

function offer(select, values) {
  const options = values.map((value) => new Option(value, value));
  select.replaceChildren(new Option("any", ""), ...options);
}

// The key

function openKey(reason = "It is kept in this tab only, until the tab is closed.") {
  byId("key-reason").textContent = reason;
  byId("key-value").value = sessionStorage.getItem(KEY) ?? "";
  byId("key").showModal();
}

byId("open-key").addEventListener("click", () => openKey());
byId("key-form").addEventListener("submit", () => {
  const value = byId("key-value").value.trim();
  if (value) sessionStorage.setItem(KEY, value);
  else sessionStorage.removeItem(KEY);
  lookAround();
});
byId("key-forget").addEventListener("click", () => {
  sessionStorage.removeItem(KEY);
  byId("key").close();
  lookAround();
});

// How things are

const STATES = {
  "store:unreadable": "Documents unreadable",
  "endpoint:not_in_service": "Model not in service",
  "endpoint:unreachable": "Model unreachable",
};

async function lookAround() {
  try {
    const { store, endpoint } = await (await fetch("/readyz")).json();
    const trouble = STATES[`store:${store}`] ?? STATES[`endpoint:${endpoint}`];
    if (trouble) showState("bad", trouble);
    else if (store === "empty") showState("empty", "No documents yet");
    else showState("ready", "Ready");
    await showHoldings();
  } catch (error) {
    if (error instanceof Problem && error.status === 401) showState("unknown", "Needs an API key");
    else showState("bad", "Not reachable");
  }
}

async function showHoldings() {
  const response = await send("/documents?limit=1", { key: sessionStorage.getItem(KEY) });
  const { total_documents: documents, total_passages: passages, authors, categories } = await response.json();
  const holdings = byId("holdings");
  holdings.hidden = false;
  holdings.textContent = documents
    ? `It knows ${documents} ${documents === 1 ? "document" : "documents"}, cut into ${passages} passages.`
    : "It has no documents yet. They come in by POST /documents.";
  offer(byId("author"), authors);
  offer(byId("category"), categories);
}

function showState(state, text) {
  byId("state").dataset.state = state;
  byId("state").textContent = text;
}

lookAround();
question.focus();
