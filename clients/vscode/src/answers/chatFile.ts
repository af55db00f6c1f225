/** What we need to know of chat files (docs/protocol.md, "Chat files"). */

/** A chat as people read it, without the markers and without the place for the next question. */
export function readable(chat: string): string {
  return chat
    .replace(/\n## [^\n]*<!-- ask:[0-9a-f]+ role=user[^\n]*-->\s*$/, "")
    .replace(/[ \t]*<!-- ask:[^<>\n]*-->/g, "")
    .trimEnd();
}
