/** What the status bar item says; without VS Code, so that it can be tested. */

import type { Status } from "../protocol";
import type { Phase } from "../server/supervisor";

export interface Face {
  readonly text: string;
  readonly lines: readonly string[];
  readonly severity: "none" | "warning" | "error";
}

export interface StatusWords {
  readonly starting: string;
  readonly stopped: string;
  readonly failed: string;
  readonly busy: (jobs: number) => string;
  readonly profile: (name: string) => string;
  readonly spent: (dollars: string) => string;
}

export function face(phase: Phase, status: Status | undefined, words: StatusWords): Face {
  if (phase === "failed") {
    return { text: "$(error) ask-lsp", lines: [words.failed], severity: "error" };
  }
  if (phase === "stopped" || phase === "stopping") {
    return { text: "$(circle-slash) ask-lsp", lines: [words.stopped], severity: "none" };
  }
  if (phase === "starting") {
    return { text: "$(loading~spin) ask-lsp", lines: [words.starting], severity: "none" };
  }
  if (status === undefined) {
    return { text: "$(sparkle) ask-lsp", lines: [], severity: "none" }; // an older server never tells
  }
  const icon = status.busy > 0 ? "$(loading~spin)" : status.error === null ? "$(sparkle)" : "$(warning)";
  const spent = status.spentToday > 0 ? dollars(status.spentToday) : "";
  return {
    text: [icon, status.profile, spent].filter((part) => part !== "").join(" "),
    lines: [
      words.profile(status.profile),
      ...(status.busy > 0 ? [words.busy(status.busy)] : []),
      words.spent(dollars(status.spentToday)),
      ...(status.error === null ? [] : [status.error]),
    ],
    severity: status.error === null ? "none" : "warning",
  };
}

/** Cents matter from a cent on; below, what a question costs. */
export function dollars(amount: number): string {
  return `$${amount.toFixed(amount > 0 && amount < 0.01 ? 4 : 2)}`;
}
