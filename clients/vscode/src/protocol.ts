/** The messages that ask-lsp has beyond LSP; docs/protocol.md describes them. */

import type { Range } from "vscode-languageserver-protocol";

/** The version of the protocol that this client speaks. */
export const PROTOCOL = 1;

export type AnswerState = "waiting" | "streaming" | "question" | "done" | "cancelled" | "failed";

/** ask/answer: something happened to a job. */
export interface Answer {
  readonly job: string;
  readonly seq: number;
  readonly state: AnswerState;
  /** With the first message: what the job does, for which document, and which job has begun it. */
  readonly title?: string;
  readonly uri?: string;
  readonly insteadOf?: string;
  readonly delta?: string;
  readonly note?: string;
  /** URI of the chat file. */
  readonly chat?: string;
  readonly error?: string;
  readonly code?: string;
}

/** ask/status */
export interface Status {
  readonly profile: string;
  /** The names that ask.profile takes. */
  readonly profiles?: readonly string[];
  readonly busy: number;
  /** USD, as far as prices are set. */
  readonly spentToday: number;
  readonly error: string | null;
}

export interface Hunk {
  readonly range: Range;
  readonly newText: string;
}

/** ask/proposal: an edit was kept instead of made, has moved, or is gone. */
export interface Proposal {
  readonly id: string;
  readonly uri: string;
  readonly version: number | null;
  readonly hunks: readonly Hunk[];
  readonly title: string;
  readonly reason: string;
  readonly state: "kept" | "gone";
  /** An answer has just made it. */
  readonly fresh?: boolean;
  /** All that a file to be made will say. */
  readonly text?: string;
}

/** ask/input: the user should type a question. */
export interface InputParams {
  readonly job: string;
  readonly prompt: string;
}

/** What ask.run takes, as far as we give it; code actions bring fields of their own. */
export interface RunArguments {
  readonly action?: string;
  readonly uri?: string;
  readonly range?: Range;
  readonly version?: number;
  readonly question?: string;
}

export function isFinal(state: AnswerState): boolean {
  return state === "done" || state === "cancelled" || state === "failed" || state === "question";
}
