/** Whether the server that answered fits to this extension: its protocol, and its version. */

import { PROTOCOL } from "../protocol";

/** The part of LSP's InitializeResult that is looked at. */
export interface Introduction {
  readonly capabilities?: { readonly experimental?: unknown };
  readonly serverInfo?: { readonly name?: string; readonly version?: string | undefined } | undefined;
}

export type Verdict =
  | { readonly fits: true }
  /** It answers, but not our messages: answers cannot be shown. `server` is its version, if it said one. */
  | { readonly fits: false; readonly older: "server" | "extension"; readonly server: string | undefined };

/**
 * A server of another version is fine while the first two numbers agree; which side is older says what to update.
 * One that does not announce our protocol was made before there was one, or is something else altogether.
 */
export function judge(introduction: Introduction, extension: string): Verdict {
  const server = introduction.serverInfo?.name === "ask-lsp" ? introduction.serverInfo.version : undefined;
  const order = server === undefined ? 0 : compare(server, extension);
  const protocol = protocolOf(introduction.capabilities?.experimental);
  if (protocol < PROTOCOL) {
    return { fits: false, older: order > 0 ? "extension" : "server", server };
  }
  if (protocol > PROTOCOL || order > 0) {
    return { fits: false, older: "extension", server };
  }
  return order < 0 ? { fits: false, older: "server", server } : { fits: true };
}

function protocolOf(experimental: unknown): number {
  const announced = (experimental as { askLsp?: { protocol?: unknown } } | undefined)?.askLsp?.protocol;
  return typeof announced === "number" ? announced : 0;
}

/** Negative if `left` is older than `right`; what comes after major and minor does not count. */
function compare(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split(".").map((part) => Number.parseInt(part, 10) || 0));
  return (a?.[0] ?? 0) - (b?.[0] ?? 0) || (a?.[1] ?? 0) - (b?.[1] ?? 0);
}
