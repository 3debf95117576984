import{d as t,h as r,v as s}from"./index-CZACQ8l0.js";function l(n){const[o,u]=t(null);return r(()=>{const e=s(n);return u({place:n,live:e}),()=>e.close()},[n]),o?.live??null}export{l as u};
