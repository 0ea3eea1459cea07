/** The session has ended, or there was none: the user must log in. */
export class SessionOverError extends Error {}

/**
 * The session has been replaced by another login: in another tab that shares the storage,
 * or by one that shares the cookie. The response was not used.
 */
export class OtherSessionError extends SessionOverError {}

/** The network or the server failed; the session may go on. */
export class UnavailableError extends Error {
  /** After how many seconds the server allows another attempt; null if it did not say. */
  retryAfter: number | null;
}

/** The server does not accept the user name and the password; the message says so. */
export class LoginRefusedError extends Error {}

export interface TokenAuthOptions {
  /**
   * Where the blueprint is; by default, where the module was loaded from. It must be
   * absolute where there is no `location`, but not until the object is used.
   */
  url?: string | URL;
  /** As for `fetch`; `"include"` if another origin sets the cookie. */
  credentials?: RequestCredentials;
  /** Further origins that receive the token, such as `"https://api.example"`. */
  origins?: Iterable<string | URL>;
  /** How many seconds before its end a token is renewed; at most half of its life. */
  margin?: number;
  /**
   * How many seconds a login, a renewal or a logout may take, 5 by default. A renewal in
   * another tab is waited for as long, and is then done here.
   */
  timeout?: number;
  /**
   * Remembers the session, and its refresh token unless a cookie does; all tabs that
   * share the storage share the session. `localStorage` by default; `sessionStorage` is a
   * session for each tab; `null` is a session of this object alone, which ends with the
   * page. If the storage fails, the session is that of this object alone.
   */
  storage?: Pick<Storage, "getItem" | "setItem" | "removeItem"> | null;
}

export interface Abortable {
  /** Ends the waiting with the reason of the signal; other callers wait on. */
  signal?: AbortSignal | null;
}

/**
 * The session of a user in this browser. The short-lived token is in memory only; tabs
 * that share the storage share it too.
 *
 * Events: `signedin`, `renewed` and `signedout`, in whichever of these tabs it happened.
 *
 * Each method can be passed on by itself, such as `{ fetch: auth.fetch }`.
 */
export class TokenAuth extends EventTarget {
  constructor(options?: TokenAuthOptions);

  /** Whether this browser knows of a session; the server may have ended it. */
  readonly signedIn: boolean;

  /** For how many more seconds the token is valid; 0 if there is none. */
  readonly expiresIn: number;

  /**
   * End the session that this browser knows of, then start one.
   * @param name What the user calls this device in the list of sessions.
   * @throws {LoginRefusedError | UnavailableError}
   */
  logIn(username: string, password: string, name?: string, options?: Abortable): Promise<void>;

  /**
   * Forget the session, and end it at the server. If that fails, the next `logOut`,
   * `logIn` or `resume` tries again, after a reload too.
   * @throws {UnavailableError} The server has not confirmed it.
   */
  logOut(options?: Abortable): Promise<void>;

  /**
   * Return whether there is a session, at the start of a page for example.
   * @throws {UnavailableError} The server cannot be reached.
   */
  resume(options?: Abortable): Promise<boolean>;

  /**
   * Renew now, even if this browser knows of no session: there may be a cookie.
   * Calls that overlap share one renewal.
   * @throws {SessionOverError | UnavailableError}
   */
  renew(options?: Abortable): Promise<void>;

  /**
   * Return a token that is valid for a while, for a WebSocket or an upload with progress.
   * @throws {SessionOverError | UnavailableError}
   */
  getToken(options?: Abortable): Promise<string>;

  /**
   * Do what `fetch` does, with a token that is renewed shortly before its end, and once
   * if the server refuses it. Without a session the request has no token, and a 401 is a
   * `SessionOverError`. Other origins receive no token.
   *
   * A request that the server refused is sent again, unless `init.body` is a stream: then
   * its 401 is returned. The body of a `Request` stays in memory until the response.
   * @throws {SessionOverError | UnavailableError}
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
}
