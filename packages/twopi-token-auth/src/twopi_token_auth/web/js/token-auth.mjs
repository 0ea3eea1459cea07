// The client of twopi-token-auth's views in a browser; token-auth.d.mts describes it.

export class SessionOverError extends Error {}
export class OtherSessionError extends SessionOverError {}
export class LoginRefusedError extends Error {}
export class UnavailableError extends Error {
  retryAfter = null;
}

const OVER = "The session has ended; log in";
const NO_COOKIE = "The session cannot be renewed, no cookie arrived: it has ended, or the "
  + "browser does not keep the cookie (credentials, Secure, SameSite, Path); log in";

export class TokenAuth extends EventTarget {
  #url; #credentials; #origins; #margin; #timeout; #storage; #key; #channel;
  #own; // the record, where the storage cannot keep it; undefined where it can
  #login = null; // which login the token is of
  #token = null; #endsAt = 0; #renewAt = 0;
  #lastToken = null; // of a log-out that the server has not confirmed
  #copied; // whether another tab may begin with a copy of the storage
  #news = null; #wake = null;
  #flight = null; #stop = null; #leaving = null;

  constructor({
    url = new URL(".", import.meta.url), credentials = "same-origin", origins = [],
    margin = 30, timeout = 5, storage = findStorage(),
  } = {}) {
    super();
    this.#url = resolve(url).replace(/\/*$/, "/");
    this.#credentials = credentials;
    this.#origins = new Set([...origins].map(originOf));
    if (URL.canParse(this.#url)) this.#origins.add(originOf(this.#url));
    this.#margin = margin;
    this.#timeout = timeout;
    this.#storage = storage;
    if (!storage) this.#own = null;
    this.#copied = storage !== findStorage();
    this.#key = `token-auth ${this.#url}`;
    this.#login = this.#session?.login ?? null;
    for (const name of ["logIn", "logOut", "resume", "renew", "getToken", "fetch"]) {
      this[name] = this[name].bind(this); // works when it is handed on alone
    }
    if (storage) this.#listen();
  }

  get signedIn() {
    return this.#session !== null;
  }

  get expiresIn() {
    return this.#token ? Math.max(0, (this.#endsAt - performance.now()) / 1000) : 0;
  }

  async logIn(username, password, name, { signal } = {}) {
    this.#stop?.abort(new UnavailableError("A login took the place of the renewal"));
    if (this.#kept || this.#leaving) await this.logOut({ signal });
    this.#take(null, await this.#post("login", { username, password, name }, { signal }));
  }

  async logOut({ signal } = {}) {
    signal?.throwIfAborted();
    if (this.#session) {
      this.#lastToken = this.#token;
      this.#forget({ ...this.#kept, ended: true }); // until the server has confirmed it
    }
    this.#leaving ??= this.#leave().finally(() => (this.#leaving = null));
    await unless(signal, this.#leaving);
  }

  async #leave() {
    try {
      const { refreshToken } = this.#kept ?? {};
      await this.#post("logout", { refreshToken }, { token: this.#lastToken });
    } catch (error) {
      if (!(error instanceof LoginRefusedError)) throw error; // it had ended before
    }
    this.#lastToken = null;
    if (this.#kept?.ended) this.#kept = null;
  }

  async resume({ signal } = {}) {
    if (this.#kept?.ended) this.logOut().catch(() => {}); // it stays kept
    try {
      await this.getToken({ signal });
      return true;
    } catch (error) {
      if (error instanceof SessionOverError) return false;
      throw error;
    }
  }

  async renew({ signal } = {}) {
    signal?.throwIfAborted();
    this.#flight ??= this.#queue().finally(() => (this.#flight = null));
    await unless(signal, this.#flight);
    if (!this.signedIn) throw new SessionOverError(OVER);
  }

  async getToken({ signal } = {}) {
    this.#sync();
    return this.#getToken(this.#login, signal);
  }

  async fetch(input, init) {
    const absolute = globalThis.location || input instanceof Request;
    const request = new Request(absolute ? input : resolve(input, this.#url), init);
    if (!this.#origins.has(originOf(request.url))) return send(request);
    this.#sync();
    const [login, { signal }] = [this.#login, request];
    const token = login && await this.#getToken(login, signal); // without one: a visitor
    const stream = init?.body instanceof ReadableStream;
    const again = token && !stream ? request.clone() : null;
    const answer = await send(request, token);
    if (answer.status !== 401 || !this.#origins.has(originOf(answer.url))) return answer;
    const error = /\berror="([^"]*)"/.exec(answer.headers.get("WWW-Authenticate"));
    if (error && error[1] !== "invalid_token") return answer;
    const safe = /^(GET|HEAD)$/.test(request.method);
    const resend = again && (safe || !answer.redirected);
    if (resend || !token) await answer.body?.cancel(); // a renewal may need its connection
    const other = await this.#getToken(login, signal, token);
    return resend ? send(again, other) : answer;
  }

  // Return a token of *login* that is good for a while and is not *refused*.
  async #getToken(login, signal, refused) {
    const check = () => {
      this.#sync();
      if (!login) throw new SessionOverError("There is no session; log in");
      if (!this.#login) throw new SessionOverError(OVER);
      if (login !== this.#login) throw new OtherSessionError("Another login has replaced this one");
    };
    check();
    if (performance.now() < this.#renewAt && this.#token !== refused) return this.#token;
    try {
      await this.renew({ signal });
    } catch (error) {
      if (error instanceof UnavailableError) check();
      const now = performance.now();
      const good = this.#token && this.#token !== refused && now < this.#endsAt;
      if (!(good && error instanceof UnavailableError)) throw error;
      this.#renewAt = Math.min(now + 1000 * (error.retryAfter ?? 1), this.#endsAt);
    }
    check();
    return this.#token;
  }

  // One tab renews. The others wait, outside of the lock, for what it tells them; a lock
  // that is held for too long is taken away: its tab may be frozen.
  async #queue() {
    this.#sync();
    if (this.#kept?.ended) throw new SessionOverError(OVER);
    if (!this.#channel) return this.#renew();
    const locks = globalThis.navigator?.locks ?? pageLocks;
    const [login, endsAt] = [this.#login, this.#endsAt];
    const name = `${this.#key} ${login}`;
    return within(this.#timeout, null, async (patience) => {
      for (;;) {
        const steal = patience.aborted;
        let [work, failed] = [null, false]; // with the lock stolen the work goes on
        await locks.request(name, steal ? { steal } : { ifAvailable: true }, (lock) => {
          return lock && (work = this.#renew());
        }).catch(() => (failed = true));
        if (work || failed) return work ?? this.#renew();
        const unlocked = locks.request(name, { mode: "shared", signal: patience }, () => {});
        await new Promise((resolve) => {
          this.#wake = resolve; // it tells
          unlocked.then(() => setTimeout(resolve, 250), resolve); // it is gone without a word
          patience.addEventListener("abort", resolve);
        });
        this.#sync();
        if (login !== this.#login || endsAt !== this.#endsAt) return null;
      }
    });
  }

  async #renew() {
    const kept = this.#session;
    const stop = (this.#stop = new AbortController());
    try {
      const { refreshToken } = kept ?? {};
      const answer = await this.#post("renew", { refreshToken }, { signal: stop.signal });
      if (kept?.login !== this.#session?.login) return; // this one has no part in it any more
      const other = kept?.session && answer.session_id && kept.session !== answer.session_id;
      if (!other) return this.#take(kept, answer);
      this.#forget();
      throw new OtherSessionError("The cookie is of another login; log in");
    } catch (error) {
      if (!(error instanceof LoginRefusedError)) {
        if (!(error instanceof OtherSessionError)) this.#channel?.postMessage({});
        throw error;
      }
      if (kept?.login !== this.#session?.login) return;
      if (kept && kept.renewals !== this.#kept.renewals) return this.#renew(); // by another tab
      if (kept) this.#forget();
      const missing = error.status === 400 && !kept?.refreshToken;
      throw new SessionOverError(missing ? NO_COOKIE : OVER, { cause: error });
    }
  }

  async #post(view, body, { signal, token } = {}) {
    if (!URL.canParse(this.#url)) {
      throw new TypeError(`There is no location: give an absolute url in place of ${this.#url}`);
    }
    const headers = { "Content-Type": "application/json", "X-Requested-With": "token-auth" };
    if (token) headers.Authorization = `Bearer ${token}`;
    const sentAt = performance.now();
    const [answer, content] = await within(this.#timeout, signal, async (limit) => {
      const answer = await fetch(this.#url + view, {
        method: "POST", headers, body: JSON.stringify(body), redirect: "error",
        cache: "no-store", credentials: this.#credentials, signal: limit,
      });
      const text = await answer.text();
      return [answer, parse(text)];
    }).catch((cause) => {
      if (signal?.aborted) throw signal.reason;
      throw new UnavailableError("The server cannot be reached", { cause });
    });
    if (answer.status === 400 || answer.status === 401) {
      const refusal = new LoginRefusedError(content?._errors?.[0] ?? "Refused");
      refusal.status = answer.status;
      throw refusal;
    }
    if (answer.ok && content && (content.token || view === "logout")) {
      return { ...content, sentAt };
    }
    const error = new UnavailableError(`The server answered with ${answer.status}`);
    error.retryAfter = Number.parseInt(answer.headers.get("Retry-After"), 10) || null;
    throw error;
  }

  #take(kept, { token, refreshToken, session_id, expiresIn = Infinity, sentAt }) {
    const login = kept?.login ?? `${Date.now()} ${Math.random()}`;
    const latest = this.#session;
    if (kept && latest.renewals !== kept.renewals) refreshToken = latest.refreshToken;
    const record = (this.#kept = {
      login,
      session: session_id ?? kept?.session,
      refreshToken: refreshToken ?? kept?.refreshToken, // or a cookie has it
      renewals: (kept ? latest.renewals : 0) + 1,
    });
    this.#tell({
      login, token, expiresIn, sentAt: performance.timeOrigin + sentAt,
      record: this.#copied ? record : null,
    });
  }

  #forget(kept = null) {
    this.#kept = kept;
    this.#tell({ login: null });
  }

  #tell(news) {
    this.#channel?.postMessage(news);
    this.#hear(news);
  }

  #hear(news) {
    if ("login" in news) this.#news = news; // or a renewal has failed
    this.#sync();
    this.#wake?.();
  }

  // What is kept decides whose token this is: other tabs may have their own storage.
  #sync() {
    const login = this.#session?.login ?? null;
    let event = null;
    if (login !== this.#login) {
      event = login ? "signedin" : "signedout";
      this.#login = login;
      this.#token = null;
      this.#endsAt = this.#renewAt = 0;
    }
    const news = this.#news;
    if (login && news?.login === login) {
      event ??= "renewed";
      if (news.record?.renewals > this.#kept.renewals) this.#kept = news.record;
      this.#token = news.token;
      const now = performance.now();
      const sentAt = Math.min(news.sentAt - performance.timeOrigin, now);
      this.#endsAt = sentAt + 1000 * news.expiresIn;
      this.#renewAt = this.#endsAt - 1000 * Math.min(this.#margin, news.expiresIn / 2);
    }
    if (event) {
      this.#news = null;
      this.dispatchEvent(new Event(event));
    }
  }

  #listen() {
    this.#channel = new BroadcastChannel(this.#key);
    this.#channel.unref?.(); // lets Node.js end
    this.#channel.onmessage = ({ data }) => this.#hear(data);
    globalThis.addEventListener?.("storage", ({ key }) => {
      if (this.#news && key === this.#key) this.#sync(); // the news came first
    });
    globalThis.addEventListener?.("pageshow", () => this.#sync());
    globalThis.addEventListener?.("pagehide", () => {
      this.#stop?.abort(new UnavailableError("The page was left")); // lets go of the lock
    });
  }

  get #session() {
    const kept = this.#kept;
    return kept?.ended ? null : kept;
  }

  get #kept() {
    if (this.#own !== undefined) return this.#own;
    try {
      const kept = parse(this.#storage.getItem(this.#key));
      return kept?.login ? kept : null;
    } catch {
      return null; // the browser forbids it
    }
  }

  set #kept(record) {
    this.#own = record;
    if (!this.#storage) return;
    const text = record && JSON.stringify(record);
    try {
      if (record) this.#storage.setItem(this.#key, text);
      else this.#storage.removeItem(this.#key);
      if ((this.#storage.getItem(this.#key) ?? null) !== text) throw new Error("It does not keep it");
      this.#own = undefined;
    } catch {
      try {
        this.#storage.removeItem(this.#key); // an old one there would be taken for a theft
      } catch { /* the record is kept by this object alone */ }
    }
  }
}

// What Web Locks are to tabs, for the objects of one page where there are no Web Locks.
const pageLocks = {
  held: new Map(),
  async request(name, { ifAvailable, steal }, work) {
    const { held } = this;
    if (ifAvailable && held.has(name)) return work(null);
    while (!steal && held.has(name)) await held.get(name);
    const done = Promise.resolve(work({ name })).finally(() => {
      if (held.get(name) === settled) held.delete(name);
    });
    const settled = done.catch(() => {});
    held.set(name, settled);
    return done;
  },
};

async function send(request, token) {
  if (token) request.headers.set("Authorization", `Bearer ${token}`);
  try {
    return await fetch(request);
  } catch (cause) {
    if (request.signal.aborted) throw cause;
    throw new UnavailableError("The server cannot be reached", { cause });
  }
}

// Do *work* with a signal that is aborted after *seconds*, or by *signal*.
async function within(seconds, signal, work) {
  const controller = new AbortController();
  const stop = () => controller.abort(signal.reason);
  const timer = setTimeout(() => controller.abort(), 1000 * seconds);
  signal?.addEventListener("abort", stop);
  try {
    signal?.throwIfAborted();
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

// Wait for *promise*, but not longer than until *signal* is aborted.
function unless(signal, promise) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function originOf(url) {
  return new URL(url).origin;
}

// Return *url* as it is where there is nothing to resolve it by, as on a server.
function resolve(url, base) {
  try {
    return new URL(url, globalThis.location?.href ?? base).href;
  } catch {
    return String(url);
  }
}

function findStorage() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null; // the browser forbids it
  }
}
