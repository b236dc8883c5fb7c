// Asking the server. Whatever goes wrong comes back as a Trouble, in words for a person.

const PATIENCE_SECONDS = 30;
const UNREACHABLE = [
  "Check that it is running and that you are connected, then try again. Your text is still here.",
];

/** What went wrong: a sentence that names it, sentences that explain, and the fields to mend. */
export class Trouble extends Error {
  constructor(title, sentences, fields = []) {
    super(title);
    this.sentences = sentences;
    this.fields = fields;
  }
}

/** Ask for the tags of one text, by the served run or by the one named. */
export async function predict(asked, { signal, runId } = {}) {
  const path = runId ? `/runs/${encodeURIComponent(runId)}/predict` : "/predict";
  const { run_id, predictions } = await data(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(asked),
    signal,
  });
  return { run_id, prediction: predictions[0] };
}

/** Ask a path of the contract for its data. */
export async function data(path, options = {}) {
  const answer = await read(path, options);
  return answer.data;
}

/** How many characters a text may have, as the API's own document tells; Infinity if it cannot. */
export async function highestLength() {
  try {
    const { components } = await read("/openapi.json", {});
    return components.schemas.Text.properties.text.maxLength ?? Infinity;
  } catch (fault) {
    if (fault instanceof Trouble) return Infinity; // the server still tells when it refuses
    throw fault;
  }
}

async function read(path, { signal, ...options }) {
  const patience = AbortSignal.timeout(PATIENCE_SECONDS * 1000);
  const signals = signal ? [signal, patience] : [patience];
  let response;
  let answer;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.any(signals) });
    answer = await response.json();
  } catch (fault) {
    throw explained(fault, response, signal);
  }
  if (!response.ok) throw refused(response.status, answer.detail);
  return answer;
}

function explained(fault, response, signal) {
  if (signal?.aborted) return fault;
  if (fault.name === "TimeoutError") {
    return new Trouble("The server does not answer.", [
      `Nothing came for ${PATIENCE_SECONDS} seconds. Try again in a while. Your text is still here.`,
    ]);
  }
  if (fault instanceof SyntaxError) {
    return new Trouble("Something between you and the tagger answered in its place.", [
      `It sent no tags (status ${response.status}). Try again in a while. Your text is still here.`,
    ]);
  }
  return new Trouble("The server cannot be reached.", UNREACHABLE);
}

const TITLES = {
  413: "Your text is too long.",
  422: "This cannot be tagged as it is.",
  429: "The server is busy.",
  503: "The server cannot answer just now.",
  504: "That took too long.",
};

/** Put a refusal into words: `detail` is one sentence, or a list of every fault. */
function refused(status, detail) {
  const title = TITLES[status]
    ?? (status >= 500 ? "The server failed." : "The server did not accept this.");
  if (!Array.isArray(detail)) return new Trouble(title, [String(detail ?? `Status ${status}.`)]);
  const fields = detail.map((fault) => String(fault.loc.at(-1)));
  return new Trouble(title, detail.map(sentence), fields);
}

function sentence({ loc, msg }) {
  const name = { title: "Title", description: "Description" }[loc.at(-1)];
  return name ? `${name}: ${msg}` : msg;
}
