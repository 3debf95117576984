import{d as t,h as r,o as s}from"./index-Dcok0N_R.js";function l(n){const[e,u]=t(null);return r(()=>{const o=s(n);return u({place:n,live:o}),()=>o.close()},[n]),e?.live??null}export{l as u};
