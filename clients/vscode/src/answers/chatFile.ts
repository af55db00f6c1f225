/** What we need to know of chat files (docs/protocol.md, "Chat files"): where the next question goes. */

const OPENING = /^# .*<!-- ask:([0-9a-f]+) chat/;

/** The text to put at the end of a chat, so that it holds a question; undefined if it does not wait for one. */
export function questionAtEnd(chat: string, question: string): string | undefined {
  const nonce = OPENING.exec(chat)?.[1];
  if (nonce === undefined) {
    return undefined;
  }
  // Only headings with the file's own number are turns; an answer may show others.
  const turns = [...chat.matchAll(new RegExp(`^## .*<!-- ask:${nonce} role=(\\w+).*-->[ \\t]*$`, "gm"))];
  const last = turns.at(-1);
  if (last?.[1] !== "user" || chat.slice(last.index + last[0].length).trim() !== "") {
    return undefined;
  }
  const newlines = chat.endsWith("\n\n") ? "" : chat.endsWith("\n") ? "\n" : "\n\n";
  return `${newlines}${question.trim()}\n`;
}

/** A chat as people read it, without the markers and without the place for the next question. */
export function readable(chat: string): string {
  return chat
    .replace(/\n## [^\n]*<!-- ask:[0-9a-f]+ role=user[^\n]*-->\s*$/, "")
    .replace(/[ \t]*<!-- ask:[^<>\n]*-->/g, "")
    .trimEnd();
}
