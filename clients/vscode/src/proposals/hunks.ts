/** The hunks of a proposal: putting them into a text, and moving them while the text around them is being edited. */

import type { Position, Range } from "vscode-languageserver-protocol";
import type { Hunk } from "../protocol";

/** One change of a document, as both VS Code and LSP tell it. */
export interface Change {
  readonly range: Range;
  readonly text: string;
}

/** The text with all hunks in it. They are in the order of the text and do not overlap. */
export function withHunks(text: string, hunks: readonly Hunk[]): string {
  const starts = lineStarts(text);
  let made = "";
  let behind = 0;
  for (const { range, newText } of hunks) {
    const start = Math.max(behind, offsetOf(range.start, starts, text.length));
    made += text.slice(behind, start) + newText;
    behind = Math.max(start, offsetOf(range.end, starts, text.length));
  }
  return made + text.slice(behind);
}

/**
 * The hunks behind a change; undefined if it touches one of them, so that only the server can say what they are now.
 * The server tells hunks anew only when their own text was touched, not when they just have moved.
 */
export function moved(hunks: readonly Hunk[], change: Change): readonly Hunk[] | undefined {
  const result: Hunk[] = [];
  for (const hunk of hunks) {
    if (compare(hunk.range.end, change.range.start) < 0) {
      result.push(hunk);
    } else if (compare(change.range.end, hunk.range.start) <= 0) {
      const range = { start: shift(hunk.range.start, change), end: shift(hunk.range.end, change) };
      result.push({ ...hunk, range });
    } else {
      return undefined;
    }
  }
  return result;
}

function shift(position: Position, { range, text }: Change): Position {
  const added = text.split(/\r\n|\r|\n/);
  const lines = added.length - 1;
  const line = position.line - range.end.line + range.start.line + lines;
  if (position.line !== range.end.line) {
    return { line, character: position.character };
  }
  const last = added[lines]?.length ?? 0;
  const before = lines === 0 ? range.start.character : 0;
  return { line, character: position.character - range.end.character + before + last };
}

function compare(left: Position, right: Position): number {
  return left.line - right.line || left.character - right.character;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\r|\n/g)) {
    starts.push(match.index + match[0].length);
  }
  return starts;
}

function offsetOf(position: Position, starts: readonly number[], end: number): number {
  const start = starts[position.line];
  return start === undefined ? end : Math.min(start + position.character, starts[position.line + 1] ?? end);
}
