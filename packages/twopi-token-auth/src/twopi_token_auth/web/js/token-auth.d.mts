/** The session has ended, or there was none: the user has to log in. */
export class SessionOverError extends Error {}

/** The network or the server failed; whether the session goes on is not known. */
export class UnavailableError extends Error {
  /** In how many seconds the server asks to be asked again, if it said. */
  retryAfter?: number | null;
}

/** The server does not accept the user name and the password; the message says so. */
export class LoginRefusedError extends Error {}

export interface TokenAuthOptions {
  /** What the blueprint is under; by default, where the module was loaded from. */
  url?: string | URL;
  /** As for `fetch`; `"include"` if a cookie is to be kept for another origin. */
  credentials?: RequestCredentials;
  /** Further origins that are given the token, such as `"https://api.example"`. */
  origins?: Iterable<string | URL>;
  /** How many seconds before its end a token is renewed; at most half of its life. */
  margin?: number;
  /**
   * Remembers that there is a session, and its refresh token unless a cookie does, for
   * all tabs; `localStorage` by default. `null` is a session of this object alone, which
   * ends with the page.
   */
  storage?: Pick<Storage, "getItem" | "setItem" | "removeItem"> | null;
}

/**
 * The session of a user in this browser. The short-lived token is in memory only, and
 * told to the other tabs of the origin.
 *
 * Events: `signedin`, `renewed` and `signedout`, whichever tab it happened in.
 */
export class TokenAuth extends EventTarget {
  constructor(options?: TokenAuthOptions);

  /** Whether this browser knows of a session; the server may have ended it. */
  readonly signedIn: boolean;

  /** For how many more seconds the token is good; 0 if there is none. */
  readonly expiresIn: number;

  /**
   * Start a session.
   * @param name What the user calls this device in the list of sessions.
   * @throws {LoginRefusedError | UnavailableError}
   */
  logIn(username: string, password: string, name?: string): Promise<void>;

  /**
   * Forget the session, whatever happens, and end it at the server.
   * @throws {UnavailableError} The server may not have heard of it.
   */
  logOut(): Promise<void>;

  /**
   * Tell whether there is a session, at the start of a page for example.
   * @throws {UnavailableError} Nobody can tell.
   */
  resume(): Promise<boolean>;

  /**
   * Renew now, also where there may be a cookie that this browser knows nothing of.
   * Calls that overlap are one.
   * @throws {SessionOverError | UnavailableError}
   */
  renew(): Promise<void>;

  /**
   * Do what `fetch` does, with a token that is renewed shortly before its end, and once
   * where the server refuses it. A body that is a stream is not sent twice: its 401 comes
   * back. Other origins get no token.
   * @throws {SessionOverError | UnavailableError}
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
}
