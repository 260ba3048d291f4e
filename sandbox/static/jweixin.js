// What WeChat's own script does for a page, as far as a sandbox can: the signature is really checked, and a code is
// "scanned" by typing what it says.
(() => {
  const script = document.currentScript;
  const readies = [];
  const failures = [];
  let allowed = null;
  let wanted = [];

  function finish(options, name, more, ok) {
    const result = { errMsg: `${name}:${ok}`, ...more };
    if (ok === "ok") options.success?.(result);
    else if (ok === "cancel") options.cancel?.(result);
    else options.fail?.(result);
    options.complete?.(result);
  }

  function ask(options) {
    const box = document.createElement("div");
    const label = document.createElement("label");
    const input = document.createElement("input");
    const scan = document.createElement("button");
    const cancel = document.createElement("button");
    box.id = "sandbox-scan";
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-modal", "true");
    Object.assign(box.style, { position: "fixed", inset: "auto 0 0 0", zIndex: "9999", padding: "16px",
      background: "#fff", color: "#191919", borderTop: "2px solid #07c160" });
    Object.assign(input.style, { width: "100%", minHeight: "48px", font: "inherit" });
    for (const button of [scan, cancel]) {
      Object.assign(button.style, { minHeight: "48px", minWidth: "48%", margin: "8px 1% 0 0", font: "inherit" });
      button.type = "button";
    }
    label.append("沙箱扫一扫：输入二维码里的内容 · Sandbox: type what the code says", input);
    scan.textContent = "扫码 Scan";
    cancel.textContent = "取消 Cancel";
    scan.addEventListener("click", () => {
      box.remove();
      finish(options, "scanQRCode", { resultStr: input.value.trim() }, "ok");
    });
    cancel.addEventListener("click", () => {
      box.remove();
      finish(options, "scanQRCode", {}, "cancel");
    });
    box.append(label, scan, cancel);
    document.body.append(box);
    input.focus();
  }

  const calls = {
    scanQRCode: ask,
    hideMenuItems: (options) => finish(options, "hideMenuItems", {}, "ok"),
    showMenuItems: (options) => finish(options, "showMenuItems", {}, "ok"),
    hideAllNonBaseMenuItem: (options) => finish(options, "hideAllNonBaseMenuItem", {}, "ok"),
    hideOptionMenu: (options) => finish(options, "hideOptionMenu", {}, "ok"),
    showOptionMenu: (options) => finish(options, "showOptionMenu", {}, "ok"),
    closeWindow: (options) => finish(options, "closeWindow", {}, "ok"),
  };

  const wx = {
    config({ appId, timestamp, nonceStr, signature, jsApiList }) {
      wanted = jsApiList;
      const question = document.createElement("script");
      const query = { appId, timestamp, nonceStr, signature, url: location.href.split("#")[0] };
      question.src = `${script.src}?${new URLSearchParams(query)}`;
      question.addEventListener("error", () => wx._judged("config:fail"));
      document.head.append(question);
    },
    _judged(errMsg) {
      allowed = errMsg === "config:ok" ? new Set(wanted) : new Set();
      if (errMsg !== "config:ok") for (const told of failures) told({ errMsg });
      for (const told of readies.splice(0)) told();
    },
    ready(told) {
      if (allowed) told();
      else readies.push(told);
    },
    error(told) {
      failures.push(told);
    },
    checkJsApi(options) {
      const checkResult = Object.fromEntries(options.jsApiList.map((name) => [name, name in calls]));
      finish(options, "checkJsApi", { checkResult }, "ok");
    },
  };
  for (const [name, call] of Object.entries(calls)) {
    wx[name] = (options = {}) => {
      if (allowed?.has(name)) call(options);
      else finish(options, name, {}, "permission denied");
    };
  }
  window.wx = window.jWeixin = wx;
})();
