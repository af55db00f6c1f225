/** A question, its answer as it comes, and the questions that follow: what an answer view shows. */

import { type Answer, isFinal } from "../protocol";

export type TurnState = "waiting" | "streaming" | "done" | "cancelled" | "failed";

export interface Turn {
  /** The job that answers. */
  readonly job: string;
  /** The words that were typed; "" where the title says all. */
  question: string;
  text: string;
  /** What is going on, or how it ended. */
  note: string;
  state: TurnState;
}

/** The sentences of ours that stand in a view, in the user's language. */
export interface Words {
  readonly waiting: string;
  readonly you: string;
  readonly cancelled: string;
}

export class Conversation {
  readonly turns: Turn[] = [];
  /** URI of the chat file, as soon as it is known. */
  chat: string | undefined;

  constructor(
    readonly id: string,
    public title: string,
    /** What was said in an earlier session, as Markdown with its own title. */
    private readonly before = "",
  ) {}

  begin(job: string, question: string): Turn {
    const turn: Turn = { job, question, text: "", note: "", state: "waiting" };
    this.turns.push(turn);
    return turn;
  }

  /** Takes over what has come of a follow-up before it was known to be one. */
  goOn(early: Conversation, question: string): void {
    for (const turn of early.turns) {
      this.turns.push({ ...turn, question });
    }
  }

  get last(): Turn | undefined {
    return this.turns.at(-1);
  }

  get isRunning(): boolean {
    return this.last?.state === "waiting" || this.last?.state === "streaming";
  }

  take(answer: Answer): void {
    const turn = this.turns.findLast((each) => each.job === answer.job);
    if (turn === undefined) {
      return;
    }
    this.chat = answer.chat ?? this.chat;
    turn.text += answer.delta ?? "";
    if (isFinal(answer.state)) {
      turn.state = answer.state === "question" ? "done" : (answer.state as TurnState);
      turn.note = answer.error ?? answer.note ?? "";
    } else {
      turn.state = turn.text === "" ? "waiting" : "streaming";
      turn.note = answer.note ?? turn.note;
    }
  }

  /** The server has ended: what had come stays. Says whether anything was under way. */
  lose(sentence: string): boolean {
    const turn = this.last;
    if (turn === undefined || !this.isRunning) {
      return false;
    }
    turn.state = "failed";
    turn.note = sentence;
    return true;
  }

  /** The conversation as Markdown. */
  render(words: Words): string {
    const opening = this.before || `# ${this.title}`;
    const turns = this.turns.map((turn, index) => renderTurn(turn, words, index > 0 || this.before !== ""));
    return `${[opening, ...turns].join("\n\n")}\n`;
  }
}

function renderTurn(turn: Turn, words: Words, follows: boolean): string {
  const parts: string[] = [];
  if (follows) {
    parts.push("---");
  }
  if (turn.question !== "") {
    parts.push(`**${words.you}** ${quoted(turn.question)}`);
  }
  const text = turn.text.trimEnd();
  if (text !== "") {
    parts.push(turn.state === "streaming" ? text : withFenceClosed(text));
  }
  if (turn.state === "waiting") {
    parts.push(`*${turn.note || words.waiting}*`);
  } else if (turn.state === "cancelled") {
    parts.push(`*${words.cancelled}*`);
  } else if (turn.state === "failed") {
    parts.push(`> ⚠ ${quoted(turn.note)}`);
  } else if (turn.state === "done" && turn.note !== "") {
    parts.push(`*${turn.note}*`);
  }
  return parts.join("\n\n");
}

function quoted(text: string): string {
  return text.trim().split(/\r?\n/).join("\n> ");
}

/** An answer that broke off inside a code block must not swallow what stands below it. */
function withFenceClosed(text: string): string {
  let open: string | undefined;
  for (const line of text.split("\n")) {
    const fence = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
    const [, marks = "", info = ""] = fence ?? [];
    if (fence === null) {
      continue;
    }
    if (open === undefined) {
      open = marks;
    } else if (marks.startsWith(open) && info.trim() === "") {
      open = undefined;
    }
  }
  return open === undefined ? text : `${text}\n${open}`;
}
