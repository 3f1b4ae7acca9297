/** A request that means everybody of a group. */
export const EVERYBODY_OF_A_GROUP =
  /\b(?:each|every)\s+(?:\w+\s+){0,2}(?:user|member|person|employee|colleague|participant|attendee|contact|customer|guest|channel)\b|\b(?:everyone|everybody)\b|\ball\s+(?:of\s+)?(?:the\s+|my\s+|our\s+)?(?:users|members|people|employees|colleagues|participants|attendees|contacts|customers|guests|channels)\b/i;

/** Values that mean everybody. */
export const PUBLIC_AUDIENCE =
  /^(?:anyone|anybody|everyone|everybody|public|world|internet|anonymous|all_?users|all_?authenticated_?users|(?:anyone|everyone|public|anybody)[ _-]?(?:with|who|has)?[ _-]?(?:the)?[ _-]?(?:link|access)|public[ _-](?:read|write|web))$/i;

/** Keys whose value says who something is shared with. */
export const SHARE_KEY =
  /^(?:sharing|share|share with|shared with|link access|link sharing|general access|link visibility|audience|grantee|grantees|access|acl)$/;

/** Flags that make something public. */
export const PUBLIC_FLAG =
  /^(?:(?:is |make |set )?public|public access|publicly accessible|public link|anyone can (?:view|edit|access|read)|share publicly)$/;

/** A request that leaves to some text what is done. */
export const DELEGATES =
  /\b(?:do|perform|complete|follow|carry out|execute|finish|handle|take care of)\b[^.!?\n]{0,60}\b(?:tasks?|to-?dos?|instructions?|steps|actions?|requests?|items)\b/i;
