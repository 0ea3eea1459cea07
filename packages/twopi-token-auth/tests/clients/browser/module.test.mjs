// Run by test_node.py with the address of a live server.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

const { MODULE, SERVER, STRANGER } = process.env;
const { TokenAuth, SessionOverError, UnavailableError, LoginRefusedError } = await import(MODULE);

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

function make(options) {
  const auth = new TokenAuth({ url, storage: null, ...options });
  auth.events = [];
  for (const name of ["signedin", "renewed", "signedout"]) {
    auth.addEventListener(name, () => auth.events.push(name));
  }
  return auth;
}

async function signIn(options) {
  const auth = make(options);
  await auth.logIn("ada", "right");
  return auth;
}

function hear(auth, name) {
  const alive = setInterval(() => {}, 1000); // a BroadcastChannel alone lets Node.js end
  return new Promise((resolve) => auth.addEventListener(name, resolve, { once: true }))
    .finally(() => clearInterval(alive));
}

beforeEach(() => order({ broken: {} }));

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
  const asked = () => auth.fetch(new Request(me, { method: "POST", body: "abc" }));
  assert.equal((await send()).status, 401);
  assert.equal((await send()).status, 200);
  await order({ call: "refuse_tokens" });
  assert.equal((await asked()).status, 401);
  assert.equal((await asked()).status, 200);
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
  const [refreshToken] = storage.kept.values();
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
  const counter = () => Number([...storage.kept.values()][0].split(".")[1]);
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
