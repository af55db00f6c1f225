/** What an answer is called: the question, or what the menu said, and the file that it is about. */

const LONGEST = 60;

export interface Title {
  readonly title: string;
  /** The question, as far as the title does not say it already. */
  readonly question: string;
}

export function titled(named: string, question: string, uri: string): Title {
  const words = (question || named).trim();
  const short = words.length > LONGEST || words.includes("\n") ? `${firstLine(words).slice(0, LONGEST - 1)}…` : words;
  const file = fileName(uri);
  return {
    title: short === "" || file === "" ? short : `${short} (${file})`,
    question: question !== "" && short !== question.trim() ? question : "",
  };
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

function fileName(uri: string): string {
  const last = uri.slice(uri.lastIndexOf("/") + 1).replace(/[?#].*$/, "");
  try {
    return decodeURIComponent(last);
  } catch {
    return last; // a percent sign that is one
  }
}
