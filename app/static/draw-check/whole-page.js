// The whole draw, checked in the page: from the published files, or from those the visitor has brought.
"use strict";

(() => {
  const { say, make, numbers, compared, run, progress, files, choose, published, box } = checkPage;
  const MOST = 100000 * rule.RECORD;
  const status = document.getElementById("whole-said"), bar = document.getElementById("whole-progress");
  const list = document.getElementById("whole-steps"), button = document.getElementById("whole");
  const worker = `${document.querySelector('script[src*="verifier.js"]').src.replace("verifier.js", "worker.js")}`;

  /** Checks of one file stand together. */
  function group(name) {
    const file = name.split(/[: ]/)[0];
    const known = [...list.children].find((one) => one.dataset.file === file);
    if (known) return known;
    const [, kind, number] = /^(\w+?)(?:-(\d+))?(?:\..*)?$/.exec(file);
    const item = make("li", "", "good");
    item.dataset.file = file;
    const inside = make("details", "");
    inside.append(make("summary", ""), make("ul", ""));
    item.append(make("strong", say(kind, { number })), inside);
    list.append(item);
    return item;
  }

  function shown(one) {
    const item = group(one.name), inside = item.querySelector("ul"), summary = item.querySelector("summary");
    if (one.holds) {
      inside.append(make("li", one.name));
      summary.textContent = `✓ ${say("group", { count: inside.children.length })}`;
      return;
    }
    item.className = "bad";
    item.append(make("p", `✗ ${one.name}`, "bad"), numbers(compared(one), true));
  }

  /** In a worker; in the page itself where there is none. */
  function work(there, take) {
    return new Promise((done) => {
      const here = () => run(verifier.checks(there), take).then(done);
      let begun = false, beside;
      try {
        beside = new Worker(worker);
      } catch (fault) {
        here();
        return;
      }
      beside.onerror = () => {
        beside.terminate();
        if (!begun) here();
      };
      beside.onmessage = ({ data }) => {
        begun = true;
        if (data) take(data);
        else done(beside.terminate());
      };
      beside.postMessage(there);
    });
  }

  async function check(there) {
    list.textContent = "";
    if (Object.keys(there).some((name) => name.endsWith(".bin") && there[name] && there[name].length > MOST)) {
      status.textContent = say("too_many");
      return;
    }
    status.textContent = say("working");
    delete status.dataset.end;
    progress(bar, {});
    let count = 0, lie = "";
    await work(there, (one) => {
      if (!one.name) {
        progress(bar, one);
        return;
      }
      count += 1;
      lie = one.holds ? "" : one.name;
      shown(one);
    });
    progress(bar, null);
    status.textContent = lie ? say("whole_bad", { name: lie }) : say("whole_good", { count });
    status.dataset.end = lie ? "bad" : "good";
  }

  if (button) button.addEventListener("click", async () => {
    button.disabled = true;
    status.textContent = say("downloading");
    choose(null);
    try {
      const names = Object.keys(published), there = await files(names);
      await check(Object.assign({}, ...names.map((name) => ({ [name]: there[name] }))));
    } catch (fault) {
      status.textContent = say("offline");
    }
    button.disabled = false;
  });

  async function bring(chosen) {
    const there = Object.create(null);  // a file may be called __proto__
    for (const file of chosen)
      there[file.name] = await new Response(file).arrayBuffer().then((found) => new Uint8Array(found), () => null);
    choose(there);
    await check(there);
  }

  document.getElementById("own").addEventListener("change", ({ target }) => {
    if (target.files.length) bring(target.files);
  });
  box.addEventListener("dragover", (event) => {
    event.preventDefault();
    box.classList.add("dropping");
  });
  box.addEventListener("dragleave", () => box.classList.remove("dropping"));
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    box.classList.remove("dropping");
    if (event.dataTransfer.files.length) bring(event.dataTransfer.files);
  });
})();
