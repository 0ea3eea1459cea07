// The client of twopi-token-auth's views in a browser; token-auth.d.mts describes it.

export class SessionOverError extends Error {}
export class UnavailableError extends Error {}
export class LoginRefusedError extends Error {}

export class TokenAuth extends EventTarget {
  #url; #credentials; #origins; #margin; #storage; #key; #channel;
  #own = null; // what is kept without a storage
  #token = null; #endsAt = 0; #renewAt = 0;
  #login = 0; // an answer that belongs to an earlier login is dropped
  #flight = null;

  constructor({
    url = new URL(".", import.meta.url), credentials = "same-origin", origins = [],
    margin = 30, storage = findStorage(),
  } = {}) {
    super();
    this.#url = new URL(url, globalThis.location?.href).href.replace(/\/*$/, "/");
    this.#credentials = credentials;
    this.#origins = new Set([this.#url, ...origins].map(originOf));
    this.#margin = margin;
    this.#storage = storage;
    this.#key = `token-auth ${this.#url}`;
    if (storage) {
      this.#channel = new BroadcastChannel(this.#key);
      this.#channel.unref?.(); // lets Node.js end
      this.#channel.onmessage = ({ data }) => this.#hear(data);
    }
  }

  get signedIn() {
    return this.#kept !== null;
  }

  get expiresIn() {
    return this.#token ? Math.max(0, (this.#endsAt - performance.now()) / 1000) : 0;
  }

  async logIn(username, password, name) {
    this.#take("signedin", await this.#post("login", { username, password, name }));
  }

  async logOut() {
    if (!this.signedIn) return;
    const [refreshToken, token] = [this.#kept, this.#token];
    this.#forget();
    try {
      await this.#post("logout", { refreshToken }, token);
    } catch (error) {
      if (!(error instanceof LoginRefusedError)) throw error; // it had ended before
    }
  }

  async resume() {
    try {
      await this.#getToken();
      return true;
    } catch (error) {
      if (error instanceof SessionOverError) return false;
      throw error;
    }
  }

  renew() {
    return (this.#flight ??= this.#queue().finally(() => (this.#flight = null)));
  }

  async fetch(input, init) {
    const request = new Request(input, init);
    if (!this.#origins.has(originOf(request.url))) return fetch(request);
    const safe = /^(GET|HEAD)$/.test(request.method);
    const stream = init?.body instanceof ReadableStream
      || (input instanceof Request && !init?.body && !safe);
    const token = await this.#getToken();
    const again = stream ? null : request.clone();
    const answer = await send(request, token);
    if (answer.status !== 401 || !this.#origins.has(originOf(answer.url))) return answer;
    const error = /\berror="([^"]*)"/.exec(answer.headers.get("WWW-Authenticate"));
    if (error && error[1] !== "invalid_token") return answer;
    const resend = again && (safe || !answer.redirected);
    if (resend) await answer.body?.cancel(); // the renewal may need its connection
    const other = await this.#getToken(token);
    return resend ? send(again, other) : answer;
  }

  async #getToken(refused) {
    if (performance.now() < this.#renewAt && this.#token !== refused) return this.#token;
    if (!this.signedIn) throw new SessionOverError("There is no session; log in");
    try {
      await this.renew();
    } catch (error) {
      const now = performance.now();
      const good = this.#token !== refused && now < this.#endsAt;
      if (!(good && error instanceof UnavailableError)) throw error;
      this.#renewAt = Math.min(now + 1000 * (error.retryAfter ?? 1), this.#endsAt);
    }
    return this.#token;
  }

  // One tab renews. Those that had to wait for it take what it tells them.
  async #queue() {
    const locks = this.#channel && globalThis.navigator?.locks;
    if (!locks) return this.#renew();
    const endsAt = this.#endsAt;
    const first = await locks.request(this.#key, { ifAvailable: true }, async (lock) => {
      if (lock) await this.#renew();
      return lock !== null;
    });
    if (first) return;
    await locks.request(this.#key, async () => {
      for (let i = 0; i < 10 && endsAt === this.#endsAt; i++) await new Promise((r) => setTimeout(r, 20));
      if (!this.signedIn) throw new SessionOverError("The session has ended; log in");
      if (endsAt === this.#endsAt) await this.#renew();
    });
  }

  async #renew() {
    const [login, refreshToken] = [this.#login, this.#kept];
    try {
      const answer = await this.#post("renew", { refreshToken });
      if (login === this.#login) this.#take("renewed", { refreshToken, ...answer });
    } catch (error) {
      if (!(error instanceof LoginRefusedError)) throw error;
      if (login === this.#login) this.#forget();
    }
    if (!this.#token) throw new SessionOverError("The session has ended; log in");
  }

  async #post(view, body, token) {
    const headers = { "Content-Type": "application/json", "X-Requested-With": "token-auth" };
    if (token) headers.Authorization = `Bearer ${token}`;
    const sentAt = performance.now();
    const answer = await fetch(this.#url + view, {
      method: "POST", headers, body: JSON.stringify(body), redirect: "error",
      cache: "no-store", credentials: this.#credentials,
    }).catch((cause) => {
      throw new UnavailableError("The server cannot be reached", { cause });
    });
    const content = await answer.json().catch(() => null);
    if (answer.status === 400 || answer.status === 401) {
      throw new LoginRefusedError(content?._errors?.[0] ?? "Refused");
    }
    if (answer.ok && (content?.token || view === "logout")) {
      const took = (performance.now() - sentAt) / 1000;
      return { ...content, expiresIn: (content?.expiresIn ?? Infinity) - took };
    }
    const error = new UnavailableError(`The server answered with ${answer.status}`);
    error.retryAfter = Number.parseInt(answer.headers.get("Retry-After"), 10) || null;
    throw error;
  }

  #take(event, { token, refreshToken, expiresIn }) {
    this.#kept = refreshToken ?? "cookie"; // if that has it
    this.#tell({ event, token, expiresIn });
  }

  #forget() {
    this.#kept = null;
    this.#tell({ event: "signedout", token: null, expiresIn: 0 });
  }

  #tell(news) {
    this.#channel?.postMessage(news);
    this.#hear(news);
  }

  #hear({ event, token, expiresIn }) {
    if (event !== "renewed") this.#login++;
    this.#token = token;
    this.#endsAt = performance.now() + 1000 * expiresIn;
    this.#renewAt = this.#endsAt - 1000 * Math.min(this.#margin, expiresIn / 2);
    this.dispatchEvent(new Event(event));
  }

  get #kept() {
    return this.#storage ? this.#storage.getItem(this.#key) : this.#own;
  }

  set #kept(value) {
    if (!this.#storage) this.#own = value;
    else if (value === null) this.#storage.removeItem(this.#key);
    else this.#storage.setItem(this.#key, value);
  }
}

function send(request, token) {
  request.headers.set("Authorization", `Bearer ${token}`);
  return fetch(request);
}

function originOf(url) {
  return new URL(url).origin;
}

function findStorage() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null; // the browser forbids it
  }
}
