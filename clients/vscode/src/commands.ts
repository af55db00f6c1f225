/** Our commands, each a line: what the palette, keys, buttons and lenses run. Their ids are never the server's. */

import * as vscode from "vscode";
import type { Asking } from "./answers/ask";
import { type AnswerViews, activeUri } from "./answers/view";
import type { Key } from "./key";
import type { Review } from "./proposals/review";
import type { Kept } from "./proposals/shelf";
import type { Connection } from "./server/connection";
import type { Own } from "./server/own";
import type { Server } from "./server/server";
import type { StatusItem } from "./status/item";
import { chooseProfile, showMenu, useLocalModel } from "./status/menu";

export interface Parts {
  readonly connection: Connection;
  readonly asking: Asking;
  readonly views: AnswerViews;
  readonly review: Review;
  readonly status: StatusItem;
  readonly key: Key;
  readonly own: Own;
  readonly server: Server;
}

export function registerCommands(parts: Parts): vscode.Disposable[] {
  const { connection, asking, views, review, status, key, own, server } = parts;
  const conversation = (given: unknown) => views.conversationOf(given instanceof vscode.Uri ? given : activeUri());
  const onProposal = (work: (proposal: Kept) => Promise<void>) => async (given: unknown) => {
    const proposal = review.find(given);
    if (proposal === undefined) {
      void vscode.window.showInformationMessage(vscode.l10n.t("There is no proposed change here."));
    } else {
      await work(proposal);
    }
  };
  const commands: Record<string, (...given: unknown[]) => unknown> = {
    ask: (given) => asking.about("ask", typeof given === "string" ? given : undefined),
    explain: () => asking.about("explain"),
    followUp: async (given) => {
      const about = conversation(given);
      await (about === undefined ? asking.about("ask") : asking.followUp(about));
    },
    stop: async (given) => {
      const job = conversation(given)?.last?.job;
      await connection.run("ask.cancel", job === undefined ? undefined : { job });
    },
    stopAll: () => connection.run("ask.cancel"),
    openChat: async (given) => {
      const chat = conversation(given)?.chat;
      if (chat !== undefined) {
        await vscode.window.showTextDocument(vscode.Uri.parse(chat, true), { preview: false });
      }
    },
    preview: async (given) => {
      const uri = given instanceof vscode.Uri ? given : activeUri();
      if (uri !== undefined) {
        await views.preview(uri);
      }
    },
    showChanges: onProposal((proposal) => review.show(proposal)),
    accept: onProposal((proposal) => review.accept(proposal)),
    reject: onProposal((proposal) => review.reject(proposal)),
    tryAgain: onProposal((proposal) => review.tryAgain(proposal)),
    undo: () => connection.run("ask.undo"),
    proposals: () => connection.run("ask.proposals"),
    menu: () => showMenu(connection, status, review.shelf.all().length),
    chooseProfile: () => chooseProfile(connection, status.current),
    usage: () => connection.run("ask.usage"),
    openConfig: () => connection.run("ask.openConfig"),
    openLog: () => connection.run("ask.log"),
    doctor: () => server.doctor(),
    setKey: () => key.ask(),
    removeKey: () => key.remove(),
    useLocalModel,
    installServer: () => own.agree(),
    restart: () => server.restart(),
    settings: () => vscode.commands.executeCommand("workbench.action.openSettings", "@ext:ask-lsp.ask-lsp"),
    notRunning: () => tellNotRunning(server),
  };
  return Object.entries(commands).map(([name, run]) => vscode.commands.registerCommand(`askLsp.${name}`, run));
}

async function tellNotRunning(server: Server): Promise<void> {
  const restart = vscode.l10n.t("Restart");
  const sentence =
    server.phase === "starting"
      ? vscode.l10n.t("The ask-lsp server is still starting. Try again in a moment.")
      : vscode.l10n.t("The ask-lsp server is not running.");
  if ((await vscode.window.showWarningMessage(sentence, restart)) === restart) {
    await server.restart();
  }
}
