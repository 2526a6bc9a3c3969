// gitmem in OpenCode. It tells `gitmem hook opencode EVENT` what happens, and hands the answer to the model.
// Written by `gitmem init --client opencode`. A gitmem that is missing, fails or hangs changes nothing in a session.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const PATIENCE = 10_000; // milliseconds for one answer; gitmem itself gives up earlier
const ANNOUNCED = ["apply_patch", "bash", "edit", "task", "write"]; // the calls that guards and sub-agents are about
const TOLD = ["command", "filePath", "patchText", "prompt", "subagent_type", "todos"]; // of a call's arguments
const OPEN = [["gitmem flag *", "allow"], ["gitmem snag *", "allow"], ["gitmem *>*", "ask"]]; // a file is not written
const TITLE = /^You are a title generator/; // the request that names a session
const MISSING =
  "gitmem keeps flags in this clone, but the gitmem command did not run here, so nothing is captured. Tell the " +
  "person to install gitmem-cli, or to put gitmem on the PATH of OpenCode.";

// The answer to an event as an object; an empty one for silence.
const ask = (event, payload) =>
  new Promise((resolve) => {
    let out = "";
    const child = spawn("gitmem", ["hook", "opencode", event], {
      stdio: ["pipe", "pipe", "ignore"],
      windowsHide: true,
    });
    const end = (answer) => (clearTimeout(timer), resolve(answer));
    const timer = setTimeout(() => (child.kill("SIGKILL"), end({})), PATIENCE);
    child.on("error", (error) => end({ missing: error.code === "ENOENT" }));
    child.on("close", () => end(parsed(out)));
    child.stdout.setEncoding("utf8").on("data", (text) => (out += text));
    child.stdin.on("error", () => {}).end(JSON.stringify(payload));
  }).catch(() => ({}));

const parsed = (text) => {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
};

// A hook that never fails; what it returns is the reason why a call is denied.
const safe =
  (hook) =>
  async (...given) => {
    const denied = await hook(...given).catch(() => undefined);
    if (denied) throw new Error(denied);
  };

const joined = (words) => words.filter(Boolean).join("\n\n");

const told = (args) => Object.fromEntries(TOLD.filter((name) => name in (args ?? {})).map((name) => [name, args[name]]));

export const Gitmem = async ({ client, directory, worktree }) => {
  const sessions = new Map(); // by id; a sub-agent's session has the one that started it as its `top`
  const begun = new Map(); // when a call began, by its id
  const running = new Set(); // answers that no hook waits for

  const add = async (info) => {
    const parent = info.parentID ? await known(info.parentID) : undefined;
    const own = { id: info.id, size: {}, late: [], words: "" };
    own.top = parent?.top ?? own;
    // `opencode run` denies questions: there is no person to ask.
    own.attended = !info.permission?.some(({ permission, action }) => permission === "question" && action === "deny");
    return own;
  };
  const known = (id) => {
    const look = async () => (await client.session.get({ path: { id } }).catch(() => ({}))).data;
    if (!sessions.has(id)) sessions.set(id, look().then((info) => add({ id, ...info })));
    return sessions.get(id);
  };

  const payload = (own, more) => ({
    session_id: own.top.id,
    agent_id: own === own.top ? undefined : own.id,
    prompt_id: own.top.turn,
    cwd: directory,
    process: process.pid,
    ...own.size,
    ...more,
  });
  const later = (promise) => running.add(promise) && promise.finally(() => running.delete(promise));

  // The words that every request of a session begins with.
  const boot = (own) =>
    (own.booted ??= ask("boot", payload(own, { source: own.fresh ? "startup" : "resume" })).then((answer) => {
      const lost = answer.missing && existsSync(join(worktree, ".git", "gitmem"));
      own.words = lost ? MISSING : (answer.model ?? "");
      const toast = { title: "gitmem", message: answer.person, variant: "info" };
      if (answer.person) client.tui?.showToast({ body: toast }).catch(() => {});
    }));

  const events = {
    "session.created": async ({ info }) => {
      if (sessions.has(info.id)) return;
      sessions.set(info.id, add(info));
      (await known(info.id)).fresh = true;
    },
    "session.idle": async ({ sessionID }) => {
      const own = await known(sessionID);
      own.busy = own.compacting = false;
      if (own === own.top && own.booted) later(ask("idle", payload(own)));
    },
    "session.compacted": async ({ sessionID }) => {
      const own = await known(sessionID);
      own.compacting = false;
      if (own === own.top && own.booted) own.once = ask("boot", payload(own, { source: "compact" }));
    },
    "message.part.updated": async ({ part }) => {
      if (part.type === "compaction") (await known(part.sessionID)).trigger = part.auto ? "auto" : "manual";
    },
    "message.updated": async ({ info }) => {
      const { completed } = info.time;
      if (info.role !== "assistant" || info.summary || !completed) return;
      const own = await known(info.sessionID);
      own.size = { ...own.size, tokens: info.tokens, tokens_at: new Date(completed).toISOString() };
    },
  };

  return {
    event: safe(async ({ event }) => events[event.type]?.(event.properties)),

    "chat.message": safe(async ({ sessionID }, { message, parts }) => {
      const own = await known(sessionID);
      const written = parts.filter(({ type, synthetic }) => type === "text" && !synthetic);
      const prompt = written.map(({ text }) => text).join("\n");
      let words;
      if (own === own.top) {
        await boot(own);
        if (!own.busy) own.turn = message.id; // else the person speaks while the model is at work
        own.busy = true;
        if (prompt) words = (await ask("prompt", payload(own, { prompt }))).model;
      } else words = (await ask("agent", payload(own, { subagent_type: message.agent, prompt }))).model;
      const last = parts.at(-1);
      if (words) parts.push({ ...last, id: `${last.id}g`, type: "text", synthetic: true, text: words });
    }),

    "experimental.chat.system.transform": safe(async ({ sessionID, model }, { system }) => {
      if (!sessionID || TITLE.test(system[0])) return;
      const own = await known(sessionID);
      if (own !== own.top || own.compacting) return;
      own.size.limit = model?.limit;
      await boot(own);
      const once = await own.once; // after a compaction, in one request instead of the words of the start
      own.once = undefined;
      const words = once?.model || own.words;
      if (words) system.push(words);
    }),

    "tool.execute.before": safe(async ({ tool, sessionID, callID }, { args }) => {
      begun.set(callID, Date.now());
      if (!ANNOUNCED.includes(tool)) return;
      const own = await known(sessionID);
      const call = { tool_name: tool, tool_use_id: callID, tool_input: told(args), attended: own.attended };
      const { model, hold } = await ask("before", payload(own, call));
      if (hold) return hold;
      if (model) own.late.push(model); // said with the next result
    }),

    "tool.execute.after": safe(async ({ tool, sessionID, callID, args }, result) => {
      const own = await known(sessionID);
      const { exit, sessionId: agent } = result.metadata ?? {};
      const failed = exit !== undefined && exit !== 0; // null: it was ended
      const output = failed || agent ? String(result.output).slice(-4_000) : undefined;
      const call = { tool_name: tool, tool_use_id: callID, tool_input: told(args), exit, output };
      const duration_ms = Date.now() - (begun.get(callID) ?? Date.now());
      begun.delete(callID);
      const mcp = Array.isArray(result.content) || undefined;
      const { model } = await ask("after", payload(own, { ...call, duration_ms, mcp }));
      const words = joined([...own.late.splice(0), model]);
      if (!words) return;
      if (mcp) result.content.push({ type: "text", text: words });
      else result.output += `\n\n${words}`;
    }),

    "experimental.session.compacting": safe(async ({ sessionID }, { context }) => {
      const own = await known(sessionID);
      own.compacting = true;
      if (own !== own.top) return;
      const { model } = await ask("compacting", payload(own, { trigger: own.trigger }));
      if (model) context.push(model);
    }),

    "shell.env": safe(async ({ sessionID }, { env }) => {
      env.GITMEM_CLIENT = "opencode";
      if (sessionID) env.GITMEM_SESSION = (await known(sessionID)).top.id;
    }),

    // Where the person is asked about every shell command, they are not asked about the two that capture. That is
    // settled here, where all their settings are known: a rule in opencode.json would replace a person's own "ask".
    config: safe(async (config) => {
      const every = typeof config.permission === "string" ? { "*": config.permission } : (config.permission ?? {});
      const bash = every.bash ?? every["*"];
      const rules = typeof bash === "string" ? [["*", bash]] : Object.entries(bash ?? {});
      const all = rules.findIndex(([pattern]) => pattern === "*");
      if ((rules[all]?.[1] ?? every["*"]) !== "ask") return;
      rules.splice(all + 1, 0, ...OPEN); // what the person says of a single command comes behind it, and counts
      config.permission = { ...every, bash: Object.fromEntries(rules) };
    }),

    dispose: safe(async () => {
      await Promise.allSettled([...running]);
      const all = await Promise.all([...sessions.values()]);
      const ended = all.filter((own) => own === own.top && own.booted);
      await Promise.allSettled(ended.map((own) => ask("end", payload(own, { reason: "exit" }))));
    }),
  };
};
