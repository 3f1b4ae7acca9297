/** Keys that permit everything with one flag, as their words joined by spaces. */
export const EVERYTHING_FLAG =
  /^(?:grant|allow|permit|give)(?: \w+)? (?:all|everything|any|anyone|everyone)(?: (?:access|permissions|privileges|rights|roles|scopes|users))?$|^(?:full|all) (?:access|control|permissions|privileges|rights)$|^(?:unlimited|unrestricted)(?: access)?$/;

/** Keys whose value is somebody in whose name the call acts. */
export const IDENTITY_KEY =
  /^(?:act as|acting as|run as|login as|log in as|masquerade as|(?:on )?behalf of|delegate for|exec(?:ute)? as|acting user|assumed? (?:identity|user)|effective user|sudo user|switch user|become user)(?: user| id)?$/;

/** Values that give a right to change. */
export const SOME_RIGHT = /^(?:write|rw|readwrite|read[-_]write|edit|manage|delete|maintain|push)$/i;

/** Names that mean all of a platform without a star. */
export const FULL_SCOPE =
  /^(?:https:\/\/www\.googleapis\.com\/auth\/(?:cloud-platform|admin\.[\w.]+)|https:\/\/mail\.google\.com\/|https:\/\/graph\.microsoft\.com\/\.default|cloud-platform|(?:https:\/\/graph\.microsoft\.com\/)?\w{1,40}\.(?:ReadWrite|FullControl)\.(?:All|Directory))$/i;

/** Keys that say what kind of person somebody is. */
export const TYPE_OF_PERSON = /^(?:user|account|member|profile|employee|login) (?:type|kind|class)$|^member of$/;
