// What WeChat's script does in a page, played: it takes a signature that the sandbox finds right, and hands over a photo
// and a place. The real one is told what it wants by the app around it, this one by a script of the sandbox.
"use strict";

(function play() {
  const home = document.currentScript.src.replace(/\/open\/js\/.*$/, "");
  const waiting = { ready: [], error: [] };
  let verdict = null;

  function settle(told) {
    verdict = told;
    waiting[told].forEach((act) => act({ errMsg: told === "ready" ? "config:ok" : "config:invalid signature" }));
  }

  function later(told, act) {
    if (verdict === told) act({});
    else waiting[told].push(act);
  }

  function picture() {
    const canvas = document.createElement("canvas");
    canvas.width = 640;
    canvas.height = 480;
    const paper = canvas.getContext("2d");
    paper.fillStyle = "#284b6b";
    paper.fillRect(0, 0, 640, 480);
    paper.fillStyle = "#f2c94c";
    paper.fillRect(300, 80, 40, 320);
    return canvas.toDataURL("image/jpeg").replace(/^[^,]*,/, "");
  }

  window.sandboxVerdict = settle;
  window.wx = {
    config(told) {
      const asked = new URLSearchParams({
        appid: told.appId, noncestr: told.nonceStr, timestamp: told.timestamp, signature: told.signature,
        url: location.href.split("#")[0],
      });
      const script = document.createElement("script");
      script.src = home + "/open/js/verdict.js?" + asked;
      document.head.append(script);
    },
    ready(act) { later("ready", act); },
    error(act) { later("error", act); },
    chooseImage(asked) { asked.success({ localIds: ["wxLocalResource://1"], errMsg: "chooseImage:ok" }); },
    getLocalImgData(asked) { asked.success({ localData: picture(), errMsg: "getLocalImgData:ok" }); },
    getLocation(asked) { asked.success({ latitude: 32.2701, longitude: 119.1686, errMsg: "getLocation:ok" }); },
  };
}());
