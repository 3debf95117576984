import{d as r,h as t,r as s}from"./index-D8_YCsQq.js";function l(n){const[o,u]=r(null);return t(()=>{const e=s(n);return u({place:n,live:e}),()=>e.close()},[n]),o?.live??null}export{l as u};
