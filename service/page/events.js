// Server-sent events of an answer to a POST: EventSource can only GET and sends no header.

/** A problem that the service told, or that kept us from reaching it. */
export class Problem extends Error {
  constructor({ title, detail, status = 0, request_id: requestId = "" }) {
    super(detail);
    Object.assign(this, { title, detail, status, requestId });
  }
}

const UNREACHABLE = {
  title: "The service cannot be reached",
  detail: "It may have been stopped, or the network is down. What you asked is still here.",
};

/** Send a request; give the response, or throw a Problem. An abort passes as it is. */
export async function send(path, { key, ...options } = {}) {
  const headers = { ...options.headers, ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(UNREACHABLE);
  }
  if (response.ok) return response;
  let document = {};
  try {
    document = await response.json();
  } catch {
    // Not ours: a proxy's, say.
  }
  throw new Problem({
    title: `The service answered ${response.status}`,
    detail: "It gave no reason.",
    request_id: response.headers.get("X-Request-ID") ?? "",
    ...document,
    status: response.status,
  });
}

/** Yield the events of a response as { kind, data }. */
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      held += value;
      const blocks = held.split("\n\n");
      held = blocks.pop();
      for (const block of blocks) {
        const event = decode(block);
        if (event) yield event;
      }
    }
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ title: "The answer broke off", detail: "The connection to the service was lost." });
  } finally {
    reader.cancel().catch(() => {});
  }
}

function decode(block) {
  let kind = "message";
  const data = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) kind = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  return data.length ? { kind, data: JSON.parse(data.join("\n")) } : null;
}
