import{d as t,h as r,O as s}from"./index-DJR2DlU0.js";function l(n){const[o,u]=t(null);return r(()=>{const e=s(n);return u({place:n,live:e}),()=>e.close()},[n]),o?.live??null}export{l as u};
