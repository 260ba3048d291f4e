// WeChat's scanner, where WeChat lets this page use it. It opens codes of this service, nothing else.
const box = document.querySelector(".scanner");
const sorry = box.querySelector("[role=alert]");
const pathOf = (text) => {
  try {
    const address = new URL(text);
    return address.origin === box.dataset.home && /^\/[arsw]\/[\w-]+$/.test(address.pathname) ? address.pathname : null;
  } catch {
    return null;
  }
};
if (window.wx) {
  const { appId, timestamp, nonceStr, signature } = box.dataset;
  let refused = false; // ready is told even then
  wx.error(() => { refused = true; });
  wx.ready(() => { box.hidden = refused; });
  wx.config({ appId, timestamp: Number(timestamp), nonceStr, signature, jsApiList: ["scanQRCode"] });
  box.querySelector("button").addEventListener("click", () => {
    sorry.hidden = true;
    wx.scanQRCode({
      needResult: 1,
      scanType: ["qrCode"],
      success: ({ resultStr }) => {
        const path = pathOf(resultStr);
        if (path) location.assign(path);
        else sorry.hidden = false;
      },
    });
  });
}
