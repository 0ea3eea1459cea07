import {
  LoginRefusedError, OtherSessionError, SessionOverError, TokenAuth, UnavailableError,
} from "./token-auth.mjs";

const auth = new TokenAuth({
  url: new URL("https://api.example/auth"),
  origins: ["https://files.example", new URL("https://api.example")],
  credentials: "include",
  margin: 10,
  timeout: 2.5,
  storage: sessionStorage,
});
new TokenAuth();
new TokenAuth({ storage: null });
auth.addEventListener("signedout", () => location.assign("/login"));

const nothing: void = await auth.logIn("ada", "secret");
await auth.logIn("ada", "secret", "phone");
const known: boolean = await auth.resume();
const seconds: number = auth.expiresIn;
const signedIn: boolean = auth.signedIn;
await auth.renew();
await auth.logOut();
const token: string = await auth.getToken();
const { signal } = new AbortController();
await auth.logIn("ada", "secret", undefined, { signal });
await auth.resume({ signal });
await auth.renew({ signal });
await auth.getToken({ signal });
await auth.logOut({ signal });
const { fetch } = auth;
try {
  const answer: Response = await auth.fetch("/me", { method: "POST", body: "x" });
  await fetch(new Request("/me"));
  await auth.fetch(new URL("https://api.example/me"));
  console.log(nothing, known, seconds, signedIn, answer.status, token.length);
} catch (error) {
  if (error instanceof UnavailableError) {
    const wait: number = error.retryAfter ?? 1;
    console.log(wait);
  } else if (error instanceof OtherSessionError) {
    const over: SessionOverError = error;
    console.log(over.message);
  } else if (error instanceof SessionOverError || error instanceof LoginRefusedError) {
    console.log(error.message);
  }
}

// @ts-expect-error: a name without a password
await auth.logIn("ada");
// @ts-expect-error: it cannot be set
auth.signedIn = true;
// @ts-expect-error: it cannot be set
auth.expiresIn = 5;
// @ts-expect-error: there is no such option
new TokenAuth({ uri: "/auth" });
// @ts-expect-error: seconds are a number
new TokenAuth({ margin: "10" });
// @ts-expect-error: not one of the three
new TokenAuth({ credentials: "always" });
// @ts-expect-error: a list of origins
new TokenAuth({ origins: 5 });
// @ts-expect-error: nothing that remembers
new TokenAuth({ storage: new Map() });
// @ts-expect-error: the token is nobody's business
console.log(auth.token);
// @ts-expect-error: it returns nothing
const renewed: string = await auth.renew();
// @ts-expect-error: no Response before it is awaited
const early: Response = auth.fetch("/me");
// @ts-expect-error: there is no such argument
await auth.fetch("/me", { methods: "POST" });
// @ts-expect-error: a name comes before the options
await auth.logIn("ada", "secret", { signal });
// @ts-expect-error: a signal is in an object
await auth.getToken(signal);
