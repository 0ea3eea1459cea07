// Run by test_node.py with the address of a live server.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { beforeEach, test } from "node:test";

const { MODULE, SERVER, COOKIE_SERVER, STRANGER } = process.env;
const { TokenAuth, LoginRefusedError, OtherSessionError, SessionOverError, UnavailableError } =
  await import(MODULE);

const now = performance.now.bind(performance);
let skew = 0;
performance.now = () => now() + 1000 * skew;

const url = `${SERVER}/auth`;
const me = `${SERVER}/me`;

async function order(body = {}, server = SERVER) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${server}/order`, { method: "POST", headers, body: JSON.stringify(body) });
  return answer.json();
}

async function countRenewals(work) {
  const before = await order();
  await work();
  return (await order()).renewals - before.renewals;
}

function shared() {
  const kept = new Map();
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
}

function record({ kept }) {
  return JSON.parse([...kept.values()][0]);
}

function make(options) {
  const auth = new TokenAuth({ url, storage: null, timeout: 60, ...options });
  auth.events = [];
  for (const name of ["signedin", "renewed", "signedout"]) {
    auth.addEventListener(name, () => auth.events.push(name));
  }
  return auth;
}

async function signIn({ user = "ada", ...options } = {}) {
  const auth = make(options);
  await auth.logIn(user, "right");
  return auth;
}

async function whoIs(auth) {
  return (await (await auth.fetch(me)).json()).user;
}

async function countSessions(auth) {
  return (await (await auth.fetch(`${url}/sessions`)).json()).sessions.length;
}

async function callsOf(view, work) {
  const count = async () => (await order()).seen.filter(([path]) => path === view).length;
  const before = await count();
  await work();
  return await count() - before;
}

// Let *meanwhile* happen before the next answer of *view*, which it may replace.
function interrupt(view, meanwhile) {
  const { fetch } = globalThis;
  globalThis.fetch = async (input, init) => {
    const asked = new URL(input.url ?? input).pathname === view;
    if (asked) globalThis.fetch = fetch;
    const answer = await fetch(input, init);
    return (asked && await meanwhile(answer)) || answer;
  };
}

function hear(auth, name) {
  const alive = setInterval(() => {}, 1000); // a BroadcastChannel alone lets Node.js end
  return new Promise((resolve) => auth.addEventListener(name, resolve, { once: true }))
    .finally(() => clearInterval(alive));
}

// Let the minute be over that the objects of `make` wait for whatever they begin now.
function hurry() {
  const { setTimeout } = globalThis;
  globalThis.setTimeout = (work, delay) => setTimeout(work, delay === 60_000 ? 0 : delay);
  return () => (globalThis.setTimeout = setTimeout);
}

const refused = () => Response.json({ _errors: ["Refused"] }, { status: 401 });

beforeEach(() => order({ broken: {}, held: false, call: "forget_users" }));

test("a request carries the token", async () => {
  const auth = await signIn();
  assert.equal((await (await auth.fetch(me)).json()).user, "ada");
  assert.deepEqual([auth.signedIn, auth.events], [true, ["signedin"]]);
  assert.ok(auth.expiresIn > 58 && auth.expiresIn <= 60);
});

test("nobody is signed in at first", async () => {
  const auth = make();
  assert.deepEqual([auth.signedIn, auth.expiresIn, await auth.resume()], [false, 0, false]);
  await assert.rejects(auth.fetch(me), SessionOverError);
  assert.equal(await countRenewals(() => auth.resume()), 0);
});

test("a wrong password is told apart", async () => {
  await assert.rejects(make().logIn("ada", "wrong"), (error) =>
    error instanceof LoginRefusedError && error.message === "Wrong user name or password.");
});

test("a token is renewed before its end, once for many requests", async () => {
  const auth = await signIn();
  skew += 29;
  assert.equal(await countRenewals(() => auth.fetch(me)), 0);
  skew += 2;
  const answers = [];
  const count = await countRenewals(async () => {
    answers.push(...await Promise.all(Array.from({ length: 16 }, () => auth.fetch(me))));
  });
  assert.deepEqual([count, new Set(answers.map((a) => a.status))], [1, new Set([200])]);
  assert.deepEqual(auth.events, ["signedin", "renewed"]);
});

test("refused tokens are renewed once, and bodies sent again", async () => {
  const auth = await signIn();
  await order({ call: "refuse_tokens" });
  const count = await countRenewals(async () => {
    const post = () => auth.fetch(me, { method: "POST", body: "abc" });
    for (const answer of await Promise.all([post(), post(), post()])) {
      assert.equal((await answer.json()).body, "abc");
    }
  });
  assert.equal(count, 1);
});

test("a token that is refused again is the answer", async () => {
  const auth = await signIn();
  await order({ broken: { "/me": { status: 401 } } });
  const count = await countRenewals(async () => {
    assert.equal((await auth.fetch(me)).status, 401);
  });
  assert.equal(count, 1);
});

test("what a renewal cannot help is the answer", async () => {
  const auth = await signIn();
  const count = await countRenewals(async () => {
    assert.equal((await auth.fetch(`${SERVER}/step-up`)).status, 401);
    assert.equal((await auth.fetch(`${SERVER}/open?status=403`)).status, 403);
  });
  assert.equal(count, 0);
});

test("a stream is not sent again", async () => {
  const auth = await signIn();
  await order({ call: "refuse_tokens" });
  const send = () => auth.fetch(me, { method: "POST", body: new Blob(["abc"]).stream(), duplex: "half" });
  assert.equal((await send()).status, 401);
  assert.equal((await send()).status, 200);
});

test("a Request is sent again, with its body if it has one", async () => {
  const auth = await signIn();
  for (const [body, expected] of [["abc", "abc"], [new Blob(["abc"]), "abc"], [undefined, ""]]) {
    await order({ call: "refuse_tokens" });
    const answer = await auth.fetch(new Request(me, { method: "POST", body }));
    assert.deepEqual([answer.status, (await answer.json()).body], [200, expected]);
  }
});

test("what came before a redirect is not done again", async () => {
  const auth = await signIn();
  await order({ call: "refuse_tokens" });
  const away = `${SERVER}/away?status=303&to=/me`;
  const before = (await order()).seen.filter(([path]) => path === "/away").length;
  assert.equal((await auth.fetch(away, { method: "POST", body: "abc" })).status, 401);
  assert.equal((await order()).seen.filter(([path]) => path === "/away").length, before + 1);
  await order({ call: "refuse_tokens" });
  assert.equal((await auth.fetch(away)).status, 200);
});

test("a stranger gets no token and causes no renewal", async () => {
  const auth = await signIn();
  const count = await countRenewals(async () => {
    await auth.fetch(`${STRANGER}/open?status=401`);
    await auth.fetch(new Request(`${STRANGER}/open`));
    for (const status of [301, 302, 307, 308]) {
      await auth.fetch(`${SERVER}/away?status=${status}&to=${STRANGER}/open?status=401`);
    }
    await auth.fetch(SERVER.replace("127.0.0.1", "localhost") + "/open");
  });
  const { seen } = await order({}, STRANGER);
  assert.deepEqual(seen.filter(([path]) => path === "/open").map(([, token]) => token), Array(6).fill(null));
  assert.equal(count, 0);
});

test("a renewal follows no redirect", async () => {
  const auth = await signIn();
  skew += 3600;
  const Location = `${STRANGER}/auth/renew`;
  await order({ broken: { "/auth/renew": { status: 307, headers: { Location } } } });
  await assert.rejects(auth.fetch(me), UnavailableError);
  const { seen } = await order({}, STRANGER);
  assert.ok(!seen.some(([path]) => path === "/auth/renew"));
});

test("further origins can be trusted", async () => {
  const auth = await signIn({ origins: [STRANGER] });
  const { authorization } = await (await auth.fetch(`${STRANGER}/open`)).json();
  assert.match(authorization, /^Bearer /);
});

test("a session that ended is over", async () => {
  const auth = await signIn();
  await order({ call: "end_sessions" });
  skew += 3600;
  const count = await countRenewals(async () => {
    const results = await Promise.allSettled([1, 2, 3, 4].map(() => auth.fetch(me)));
    assert.ok(results.every(({ reason }) => reason instanceof SessionOverError));
    await assert.rejects(auth.fetch(me), SessionOverError);
  });
  assert.deepEqual([count, auth.signedIn, auth.events], [1, false, ["signedin", "signedout"]]);
  await auth.logIn("ada", "right");
  assert.equal((await auth.fetch(me)).status, 200);
});

test("a server that is down does not end the session", async () => {
  const auth = await signIn();
  skew += 3600;
  await order({ broken: { "/auth/renew": { status: 503, headers: { "Retry-After": "7" } } } });
  await assert.rejects(auth.fetch(me), (error) => error instanceof UnavailableError && error.retryAfter === 7);
  for (const answer of [{ status: 404 }, { status: 200, response: "no JSON" }, { status: 200, response: "null" }]) {
    await order({ broken: { "/auth/renew": answer } });
    await assert.rejects(auth.resume(), UnavailableError);
  }
  await order({ broken: {} });
  assert.equal((await auth.fetch(me)).status, 200);
  await assert.rejects(signIn({ url: "http://127.0.0.1:1/" }), UnavailableError);
});

test("a token is used to its end while the server is down", async () => {
  const auth = await signIn();
  skew += 45;
  await order({ broken: { "/auth/renew": { status: 503, headers: { "Retry-After": "7" } } } });
  const count = await countRenewals(async () => {
    for (let i = 0; i < 3; i++) assert.equal((await auth.fetch(me)).status, 200);
    skew += 8;
    await auth.fetch(me);
    skew += 8;
    await assert.rejects(auth.fetch(me), UnavailableError);
  });
  assert.equal(count, 3);
});

test("log out", async () => {
  const storage = shared();
  const auth = await signIn({ storage });
  const { refreshToken } = record(storage);
  await auth.logOut();
  await auth.logOut();
  assert.deepEqual([auth.signedIn, auth.expiresIn, storage.kept.size], [false, 0, 0]);
  await assert.rejects(auth.fetch(me), SessionOverError);
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${url}/renew`, { method: "POST", headers, body: JSON.stringify({ refreshToken }) });
  assert.equal(answer.status, 401);
});

test("a renewal under way does not undo a log-out", async () => {
  const auth = await signIn();
  skew += 3600;
  const late = assert.rejects(auth.fetch(me), SessionOverError);
  await auth.logOut();
  await late;
  assert.equal(auth.signedIn, false);
});

test("tabs share what they know, without Web Locks too", async () => {
  const storage = shared();
  const one = await signIn({ storage });
  const two = make({ storage });
  assert.equal(await two.resume(), true);
  assert.notEqual(one.expiresIn, 0);
  skew += 3600;
  const answers = await Promise.all([one, two, one, two].map((auth) => auth.fetch(me)));
  assert.deepEqual(answers.map((answer) => answer.status), [200, 200, 200, 200]);
  await Promise.all([hear(two, "signedout"), one.logOut()]);
  await assert.rejects(two.fetch(me), SessionOverError);
  await Promise.all([hear(two, "signedin"), one.logIn("ada", "right")]);
  assert.equal(await countRenewals(() => two.fetch(me)), 0);
});

test("what another tab has renewed before does not undo a renewal", async () => {
  const storage = shared();
  const counter = () => Number(record(storage).refreshToken.split(".")[1]);
  const [one, two] = [await signIn({ storage }), make({ storage })];
  const news = hear(two, "renewed");
  await one.renew();
  const { fetch } = globalThis;
  globalThis.fetch = async (...request) => {
    const answer = await fetch(...request);
    await news; // comes before the answer
    return answer;
  };
  const renewal = two.renew();
  globalThis.fetch = fetch;
  await renewal;
  assert.deepEqual([counter(), two.events], [2, ["renewed", "renewed"]]);
});

test("a renewal that is never answered ends in an error", async () => {
  const auth = await signIn();
  skew += 3600;
  await order({ held: true });
  const relax = hurry();
  await assert.rejects(auth.fetch(me), UnavailableError);
  await assert.rejects(auth.getToken(), UnavailableError);
  await assert.rejects(auth.renew(), UnavailableError);
  relax();
  await order({ held: false });
  assert.equal(await whoIs(auth), "ada");
});

test("an answer that stops halfway is not waited for", async () => {
  const server = createServer((request, answer) => answer.writeHead(200).write("{"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const auth = make({ url: `http://127.0.0.1:${server.address().port}/auth` });
  const { setTimeout } = globalThis;
  let end;
  globalThis.setTimeout = (work, delay) => setTimeout(delay === 60_000 ? (end = work) : work, delay);
  interrupt("/auth/login", () => end()); // the head has come by now
  await assert.rejects(auth.logIn("ada", "right"), UnavailableError);
  globalThis.setTimeout = setTimeout;
  server.closeAllConnections();
  server.close();
});

test("a signal ends whatever waits, and stops nobody else", async () => {
  const auth = await signIn();
  skew += 3600;
  await order({ held: true });
  const other = auth.fetch(me);
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = { name: "AbortError" };
  const waiting = [
    auth.fetch(me, { signal }), auth.fetch(new Request(me, { signal })),
    auth.getToken({ signal }), auth.renew({ signal }), auth.resume({ signal }),
  ];
  controller.abort();
  await Promise.all(waiting.map((each) => assert.rejects(each, aborted)));
  await order({ held: false });
  assert.equal((await other).status, 200);
  await assert.rejects(auth.fetch(me, { signal }), aborted);
  await assert.rejects(make().logIn("ada", "right", "x", { signal }), aborted);
  await assert.rejects(auth.logOut({ signal }), aborted);
});

test("a network that fails is the documented error", async () => {
  const auth = await signIn({ origins: ["http://127.0.0.1:1"] });
  for (const there of ["http://127.0.0.1:1/", "http://127.0.0.2:1/"]) {
    await assert.rejects(auth.fetch(there), (error) =>
      error instanceof UnavailableError && error.cause instanceof TypeError);
  }
  await assert.rejects(auth.fetch("http://[/"), TypeError); // is a mistake of the program
});

test("a page for visitors needs no session", async () => {
  const auth = make();
  const answer = await auth.fetch(`${SERVER}/open`, { method: "POST", body: "abc" });
  assert.deepEqual(await answer.json(), { authorization: null });
  assert.equal((await auth.fetch(`${SERVER}/open?status=403`)).status, 403);
  assert.equal(await countRenewals(() => assert.rejects(auth.fetch(me), SessionOverError)), 0);
});

test("the token can be had alone", async () => {
  const auth = await signIn();
  const token = await auth.getToken();
  const headers = { Authorization: `Bearer ${token}` };
  assert.equal((await (await fetch(me, { headers })).json()).user, "ada");
  skew += 3600;
  assert.equal(await countRenewals(() => auth.getToken()), 1);
  await assert.rejects(make().getToken(), SessionOverError);
});

test("methods can be handed on alone", async () => {
  const { logIn, fetch, getToken, renew, resume, logOut } = make();
  await logIn("ada", "right");
  await renew();
  assert.equal(await resume(), true);
  assert.equal((await fetch(me)).status, 200);
  assert.match(await getToken(), /./);
  await logOut();
});

for (const broken of ["getItem", "setItem", "removeItem"]) {
  test(`a storage whose ${broken} throws is done without`, async () => {
    const storage = shared();
    const auth = await signIn({ storage });
    storage[broken] = () => {
      throw new DOMException("no", "QuotaExceededError");
    };
    await auth.logIn("ada", "right");
    skew += 3600;
    assert.equal(await whoIs(auth), "ada");
    if (broken === "setItem") assert.equal(storage.kept.size, 0); // nothing old stays there
    await auth.logOut();
    assert.equal(auth.signedIn, false);
    await assert.rejects(auth.fetch(me), SessionOverError);
  });
}

test("whatever is in the storage", async () => {
  for (const text of ["", "cookie", "null", "5", "[]", "{}", '{"login"', '{"login":5}']) {
    const storage = shared();
    storage.getItem = () => text;
    const auth = make({ storage });
    assert.ok([true, false].includes(auth.signedIn));
    await auth.logIn("ada", "right").catch((error) => assert.ok(error instanceof UnavailableError));
  }
});

test("it can be made where there is no location", async () => {
  const auth = new TokenAuth({ url: "/auth", storage: shared() });
  assert.deepEqual([auth.signedIn, await auth.resume()], [false, false]);
  await assert.rejects(auth.logIn("ada", "right"), { name: "TypeError", message: /absolute url/ });
  const { user } = await (await (await signIn()).fetch("/me")).json();
  assert.equal(user, "ada");
});

for (const answer of [{ status: 503 }, { status: 403 }, { status: 200, response: "<html>" }]) {
  test(`a log-out that is answered with ${answer.status} is tried again`, async () => {
    const storage = shared();
    const auth = await signIn({ storage });
    const { refreshToken } = record(storage);
    await order({ broken: { "/auth/logout": answer } });
    await assert.rejects(auth.logOut(), UnavailableError);
    await assert.rejects(auth.logOut(), UnavailableError);
    assert.deepEqual([auth.signedIn, await auth.resume()], [false, false]);
    await assert.rejects(auth.renew(), SessionOverError);
    await order({ broken: {} });
    await make({ storage }).logOut(); // after a reload
    assert.equal(storage.kept.size, 0);
    const headers = { "Content-Type": "application/json" };
    const late = await fetch(`${url}/renew`, { method: "POST", headers, body: JSON.stringify({ refreshToken }) });
    assert.equal(late.status, 401);
  });
}

test("a page that starts tries the log-out again", async () => {
  const storage = shared();
  const auth = await signIn({ storage });
  await order({ broken: { "/auth/logout": { status: 503 } } });
  await assert.rejects(auth.logOut(), UnavailableError);
  await order({ broken: {} });
  const calls = await callsOf("/auth/logout", async () => {
    await make({ storage }).resume();
    await make({ storage }).logIn("ada", "right");
  });
  assert.ok(calls >= 1);
  assert.equal(await countSessions(make({ storage })), 1);
});

test("a log-out always asks the server, since there may be a cookie", async () => {
  assert.equal(await callsOf("/auth/logout", () => make().logOut()), 1);
});

test("logging in again ends the earlier session", async () => {
  const auth = await signIn();
  await auth.logIn("ada", "right");
  await auth.logIn("ada", "right");
  assert.equal(await countSessions(auth), 1);
});

test("users with storages of their own are kept apart", async () => {
  const [ada, bob] = [await signIn({ storage: shared() }), make({ storage: shared() })];
  await bob.logIn("bob", "right");
  await bob.renew();
  await whoIs(bob); // what it told has arrived
  assert.deepEqual([await whoIs(ada), await whoIs(bob)], ["ada", "bob"]);
  await bob.logOut();
  assert.deepEqual([ada.signedIn, ada.events], [true, ["signedin"]]);
});

test("a request of one user is not sent again for another", async () => {
  const storage = shared();
  const [one, two] = [await signIn({ storage }), make({ storage })];
  await order({ call: "refuse_tokens" });
  interrupt("/me", () => two.logIn("bob", "right"));
  await assert.rejects(one.fetch(me, { method: "POST", body: "abc" }), OtherSessionError);
  assert.equal(await whoIs(one), "bob");
});

test("the answer of another session is refused", async () => {
  let id = "first";
  const server = createServer((request, answer) => {
    answer.setHeader("Content-Type", "application/json");
    answer.end(JSON.stringify({ token: id, session_id: id, expiresIn: 60, _errors: [] }));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const there = `http://127.0.0.1:${server.address().port}`;
  const storage = shared();
  const auth = await signIn({ url: `${there}/auth`, storage });
  await auth.renew();
  assert.equal(auth.signedIn, true);
  id = "second"; // the cookie was overwritten
  await assert.rejects(auth.renew(), OtherSessionError);
  assert.deepEqual([auth.signedIn, storage.kept.size, await auth.resume()], [false, 0, false]);
  await auth.logIn("ada", "right");
  assert.equal(await auth.getToken(), "second");
  server.closeAllConnections();
  server.close();
});

test("a late refusal does not end what another tab has renewed", async () => {
  const storage = shared();
  const [one, two] = [await signIn({ storage }), make({ storage })];
  interrupt("/auth/renew", async () => {
    const relax = hurry();
    const renewal = one.renew(); // takes the lock away
    relax();
    await renewal;
    return refused();
  });
  await two.renew();
  assert.deepEqual([one.signedIn, two.signedIn, await whoIs(two)], [true, true, "ada"]);
});

test("a copy of a storage, as a new tab has it, follows the renewals", async () => {
  const storage = shared();
  const one = await signIn({ storage });
  const copy = shared();
  for (const entry of storage.kept) copy.kept.set(...entry);
  const two = make({ storage: copy });
  await Promise.all([hear(two, "renewed"), one.renew()]);
  assert.deepEqual(record(copy), record(storage));
});

test("objects of one page renew once", async () => {
  const storage = shared();
  const [one, two] = [await signIn({ storage }), make({ storage })];
  skew += 3600;
  assert.equal(await countRenewals(() => Promise.all([one.fetch(me), two.fetch(me), one.fetch(me)])), 1);
});

test("a renewal that fails in one tab is done by the other", async () => {
  const storage = shared();
  const [one, two] = [await signIn({ storage }), make({ storage })];
  interrupt("/auth/renew", () => Response.json({}, { status: 503 }));
  const results = await Promise.allSettled([one.renew(), two.renew()]);
  assert.ok(results[0].reason instanceof UnavailableError);
  assert.equal(results[1].status, "fulfilled");
});

test("a cookie that was not kept is told apart", async () => {
  const auth = await signIn({ url: `${COOKIE_SERVER}/auth` }); // Node.js keeps no cookies
  await assert.rejects(auth.renew(), (error) =>
    error instanceof SessionOverError && /no cookie arrived/.test(error.message));
});

test("a login waits for the log-out before it, whose answer clears the cookie", async () => {
  const auth = await signIn();
  const { fetch } = globalThis;
  const steps = [];
  globalThis.fetch = async (input, init) => {
    const name = String(input).split("/").pop();
    steps.push(`${name} is sent`);
    const answer = await fetch(input, init);
    steps.push(`${name} is answered`);
    return answer;
  };
  const logOut = auth.logOut();
  await auth.logIn("bob", "right");
  await logOut;
  globalThis.fetch = fetch;
  assert.deepEqual(steps, ["logout is sent", "logout is answered", "login is sent", "login is answered"]);
  assert.equal(await whoIs(auth), "bob");
});
