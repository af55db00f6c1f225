/** Asking: about the selection, once more in a conversation, and what the server wants typed. */

import * as vscode from "vscode";
import type { InputParams } from "../protocol";
import type { Connection } from "../server/connection";
import { assistantName } from "../settings";
import type { Conversation } from "./conversation";
import type { Store } from "./store";
import type { AnswerViews } from "./view";

export class Asking {
  constructor(
    private readonly connection: Connection,
    private readonly store: Store,
    private readonly views: AnswerViews,
  ) {}

  /** Runs an action on the selection of the active editor; `ask` wants a question, which may come along. */
  async about(action: "ask" | "explain", given?: string): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) {
      void vscode.window.showInformationMessage(vscode.l10n.t("Open a file and select some code, then ask about it."));
      return;
    }
    // Taken before the question is typed: the server moves it through what is edited meanwhile.
    const { document, selection } = editor;
    const place = {
      uri: this.connection.serverUri(document.uri),
      range: { start: selection.start, end: selection.end },
      version: document.version,
    };
    const question = action === "ask" ? (given ?? (await this.type(promptFor(editor)))) : undefined;
    if (action === "ask" && !question?.trim()) {
      return;
    }
    const title = question ?? vscode.l10n.t("Explain");
    const argument = { action, ...place, ...(question === undefined ? {} : { question }), askLspTitle: title };
    await this.connection.run("ask.run", argument);
  }

  /** ask/input: a question for a job that waits. Whoever closes the box wants no answer, so the job ends. */
  async typed({ job, prompt }: InputParams): Promise<string | undefined> {
    const question = await this.type(prompt);
    if (!question?.trim()) {
      await this.connection.run("ask.cancel", { job });
      return undefined;
    }
    this.store.asked(job, question);
    return question;
  }

  /** Has a question put to the end of the conversation's chat, and sent. */
  async followUp(conversation: Conversation, given?: string): Promise<void> {
    const chat = conversation.chat;
    if (chat === undefined || conversation.isRunning) {
      return;
    }
    const question = given ?? (await this.type(vscode.l10n.t("Follow-up: {0}", conversation.title)));
    if (!question?.trim()) {
      return;
    }
    const sent = await this.connection.run("ask.send", { uri: chat, question });
    if (sent?.job !== undefined) {
      const job = { id: sent.job, title: conversation.title, question, uri: "" };
      this.store.started(job, conversation);
      this.views.refresh(conversation);
      await this.views.open(conversation);
    }
  }

  private async type(prompt: string): Promise<string | undefined> {
    return vscode.window.showInputBox({
      title: `ask-lsp: ${assistantName()}`,
      prompt,
      placeHolder: vscode.l10n.t("Type a question, then press Enter"),
      ignoreFocusOut: true,
    });
  }
}

function promptFor(editor: vscode.TextEditor): string {
  const name = vscode.workspace.asRelativePath(editor.document.uri);
  const { start, end, isEmpty } = editor.selection;
  if (isEmpty) {
    return vscode.l10n.t("About the definition around line {0} of {1}", start.line + 1, name);
  }
  return start.line === end.line
    ? vscode.l10n.t("About the selection in line {0} of {1}", start.line + 1, name)
    : vscode.l10n.t("About lines {0} to {1} of {2}", start.line + 1, end.line + 1, name);
}
