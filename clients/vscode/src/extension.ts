/** The composition root: makes the parts, and ties the server's messages to what shows them. */

import * as vscode from "vscode";
import { Asking } from "./answers/ask";
import { Store } from "./answers/store";
import { titled } from "./answers/title";
import { AnswerViews } from "./answers/view";
import { registerCommands } from "./commands";
import { Key } from "./key";
import { tellFailure } from "./notices";
import { ProposalLenses } from "./proposals/lenses";
import { Review } from "./proposals/review";
import type { Answer, RunArguments } from "./protocol";
import { Connection, type Started } from "./server/connection";
import { Own } from "./server/own";
import { Server } from "./server/server";
import { needsRestart } from "./settings";
import { StatusItem } from "./status/item";
import { welcome } from "./welcome";

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel("ask-lsp", { log: true });
  const store = new Store(vscode.l10n.t("Answer"), vscode.env.sessionId);
  const connection = new Connection(log);
  const views = new AnswerViews(store);
  const asking = new Asking(connection, store, views);
  const review = new Review(connection, (uri) => store.isWorkingOn(uri));
  const status = new StatusItem(connection);
  const key = new Key(context.secrets);
  const own = new Own(context, log);
  const running = new Server(context, connection, key, own, log);
  server = running;
  connection.typed = (params) => asking.typed(params);
  const requests = new Map<string, RunArguments>();

  connection.onStarted((started) => {
    if (started.command === "ask.run") {
      requests.set(started.job, started.argument);
      store.started(jobOf(started));
    }
  });
  connection.onAnswer((answer) => {
    const { conversation, appeared } = store.take(answer);
    views.refresh(conversation);
    if (appeared && !isVisible(conversation.chat)) {
      void views.open(conversation);
    } else if (answer.state === "question" && answer.chat !== undefined) {
      void openChat(answer.chat);
    } else if (answer.state === "failed") {
      void tell(answer);
    }
  });
  async function tell(answer: Answer): Promise<void> {
    const conversation = store.ofJob(answer.job);
    const hasText = conversation?.turns.some((turn) => turn.text !== "");
    const show = conversation && hasText ? () => views.open(conversation, true) : undefined;
    await tellFailure(answer, connection, requests.get(answer.job), show);
  }
  running.onPhase((phase) => {
    status.enter(phase);
    if (phase === "stopped" || phase === "failed") {
      const lost = store.lose(vscode.l10n.t("The server has ended; what had come stays here. Ask again."));
      lost.forEach((conversation) => {
        views.refresh(conversation);
      });
      review.clear();
      requests.clear();
    } else if (phase === "running") {
      void welcome(context, key);
    }
  });

  context.subscriptions.push(
    log,
    connection,
    views,
    review,
    status,
    running,
    new ProposalLenses(review, connection),
    ...registerCommands({ connection, asking, views, review, status, key, own, server: running }),
    key.onDidChange(() => void running.restart()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      if (running.phase === "failed") {
        void running.restart();
      }
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (needsRestart(event)) {
        void running.restart();
      }
    }),
  );
  void running.restart();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}

function jobOf({ job, argument, title }: Started) {
  const uri = argument.uri ?? "";
  return { id: job, uri, ...titled(title, argument.question ?? "", uri) };
}

/** Whether somebody looks at the chat file itself: the answer grows there, so it needs no view. */
function isVisible(chat: string | undefined): boolean {
  const uri = chat === undefined ? "" : vscode.Uri.parse(chat, true).toString();
  return vscode.window.visibleTextEditors.some(({ document }) => document.uri.toString() === uri);
}

async function openChat(chat: string): Promise<void> {
  await vscode.window.showTextDocument(vscode.Uri.parse(chat, true), { viewColumn: vscode.ViewColumn.Beside });
}
