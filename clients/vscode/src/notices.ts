/** What a user is told when a job fails: the server's sentence, and buttons for what it tells to do. */

import * as vscode from "vscode";
import type { Answer, RunArguments } from "./protocol";
import type { Connection } from "./server/connection";

interface Button extends vscode.MessageItem {
  readonly run: () => unknown;
}

/** `again` repeats what has failed, where that is known; `showAnswer` opens what had come, where there is something. */
export async function tellFailure(
  answer: Answer,
  connection: Connection,
  again: RunArguments | undefined,
  showAnswer: (() => unknown) | undefined,
): Promise<void> {
  const button = (title: string, run: () => unknown): Button => ({ title, run });
  const command = (title: string, id: string) => button(title, () => vscode.commands.executeCommand(id));
  const buttons: Button[] = [];
  const repeat = () => connection.run("ask.run", again);
  switch (answer.code) {
    case "key":
      buttons.push(command(vscode.l10n.t("Set key"), "askLsp.setKey"));
      buttons.push(command(vscode.l10n.t("Use local model"), "askLsp.useLocalModel"));
      break;
    case "rejected":
    case "unreachable":
      buttons.push(command(vscode.l10n.t("Doctor"), "askLsp.doctor"));
      break;
    case "settings":
    case "model":
      buttons.push(command(vscode.l10n.t("Open config"), "askLsp.openConfig"));
      break;
    case "refused":
    case "cap":
      if (connection.has("ask.allowOnce") && again !== undefined) {
        const allow = async () => {
          await connection.run("ask.allowOnce", { job: answer.job });
          await repeat();
        };
        buttons.push(button(vscode.l10n.t("Allow once"), allow));
      }
      break;
    case "error":
      buttons.push(command(vscode.l10n.t("Open log"), "askLsp.openLog"));
      break;
  }
  if (again !== undefined && answer.code !== "refused" && answer.code !== "cap") {
    buttons.push(button(vscode.l10n.t("Try again"), repeat));
  }
  if (showAnswer !== undefined) {
    buttons.push(button(vscode.l10n.t("Show answer"), showAnswer));
  }
  const picked = await vscode.window.showErrorMessage(answer.error ?? "", ...buttons);
  await picked?.run();
}
