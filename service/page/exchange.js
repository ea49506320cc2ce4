// One question and its answer on the page. It shows what it is told; where that comes from is page.js's business.

const STAGES = {
  understand: "Reading the question",
  search: "Searching",
  pack: "Choosing passages",
  generate: "Writing",
};
const CITATION = /\[(\d{1,3}(?:\s*[,;\u2013-]\s*\d{1,3})*)\]/g;

/** Show a question, and give what its answer is told to. */
export class Exchange {
  constructor(question, { onSource, onAgain }) {
    this.element = document.getElementById("exchange").content.firstElementChild.cloneNode(true);
    this.onSource = onSource;
    this.text = "";
    this.sources = new Map();
    this.part(".question").textContent = question;
    this.part(".again").addEventListener("click", onAgain);
  }

  part(selector) {
    return this.element.querySelector(selector);
  }

  /** A stage has begun; the one before has ended. */
  stage(name) {
    this.endStage();
    const item = document.createElement("li");
    item.textContent = STAGES[name] ?? name;
    item.setAttribute("aria-current", "step");
    this.part(".stages").append(item);
    return item.textContent;
  }

  endStage(mark = "") {
    const item = this.part(".stages [aria-current]");
    item?.removeAttribute("aria-current");
    if (mark) item?.classList.add(mark);
  }

  /** The passages that the answer is made from; a later list replaces an earlier one. */
  showSources(sources) {
    this.sources = new Map(sources.map((source) => [source.number, source]));
    this.part(".sources ol").replaceChildren(...sources.map((source) => this.card(source)));
    this.part(".sources").hidden = sources.length === 0;
  }

  card(source) {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-haspopup", "dialog");
    button.append(
      span("number", source.number),
      span("title", titleOf(source)),
      span("faint", aboutOf(source)),
      span("excerpt", excerptOf(source)),
    );
    button.addEventListener("click", () => this.onSource(source));
    const item = document.createElement("li");
    item.dataset.number = source.number;
    item.append(button);
    return item;
  }

  /** The next piece of the answer. */
  append(text) {
    this.text += text;
    // A citation comes in one piece: only then is there anything to make a button of.
    if (text.includes("]")) this.showText();
    else this.part(".answer").append(text);
  }

  /** The answer is whole. */
  done({ answer, cited, notes, timings_ms: timings, usage }) {
    this.text = answer;
    this.part(".answer").replaceChildren(...this.withCitations(answer));
    for (const number of cited) this.part(`.sources [data-number="${number}"]`)?.classList.add("is-cited");
    this.part(".notes").replaceChildren(...notes.map((note) => item(note)));
    this.part(".costs").textContent = costs(timings, usage);
    this.end();
  }

  /** The reader stopped it. */
  stopped() {
    this.showText();
    this.part(".notes").append(item(this.text ? "You stopped the answer here." : "You stopped before an answer came."));
    this.end();
  }

  /** It failed; what came before stays. */
  failed(problem) {
    this.showText();
    const failure = this.part(".failure");
    failure.querySelector("strong").textContent = problem.title;
    failure.querySelector("p").textContent = problem.detail;
    failure.querySelector(".request-id").textContent = problem.requestId ? `Request ${problem.requestId}` : "";
    failure.hidden = false;
    this.end("broken");
  }

  showText() {
    this.part(".answer").replaceChildren(...this.withCitations(this.text));
  }

  end(mark = "") {
    this.endStage(mark);
    this.element.setAttribute("aria-busy", "false");
  }

  /** Text nodes, and a button for each citation of a source that is there. */
  withCitations(text) {
    const nodes = [];
    let from = 0;
    for (const match of text.matchAll(CITATION)) {
      const numbers = match[1].split(/\D+/).map(Number);
      if (!numbers.every((number) => this.sources.has(number))) continue;
      nodes.push(text.slice(from, match.index), ...numbers.map((number) => this.citation(number)));
      from = match.index + match[0].length;
    }
    return [...nodes, text.slice(from)];
  }

  citation(number) {
    const source = this.sources.get(number);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "cite";
    button.textContent = number;
    button.setAttribute("aria-label", `Source ${number}: ${titleOf(source)}`);
    button.setAttribute("aria-haspopup", "dialog");
    button.addEventListener("click", () => this.onSource(source));
    return button;
  }
}

export function titleOf(source) {
  return source.title || source.document;
}

/** A passage's words without the headings that its title says already. */
function excerptOf(source) {
  return source.text.replace(/^#+[ \t].*$/gm, "").trim() || source.text;
}

export function aboutOf(source) {
  return [source.author, source.date, source.category].filter(Boolean).join(" · ");
}

function span(name, text) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = text;
  return element;
}

function item(text) {
  const element = document.createElement("li");
  element.textContent = text;
  return element;
}

function costs(timings, usage) {
  const spent = Object.values(timings).reduce((sum, each) => sum + each, 0);
  const parts = [`${(spent / 1000).toFixed(1)} s`];
  if (usage.input_tokens) parts.push(`${usage.input_tokens} tokens read`);
  if (usage.output_tokens) parts.push(`${usage.output_tokens} written`);
  return parts.join(" · ");
}
