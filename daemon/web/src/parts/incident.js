// How an incident reads.
import { html } from 'htm/preact';
import { links } from '../route.js';
import { has, t } from '../settings.js';

const TONES = { critical: 'FAILURE', error: 'FAILURE', warning: 'WAIT_RESOURCE', info: 'NOT_RUN' };

export const ruleText = (incident) => (has(`rule_${incident.rule}`) ? t(`rule_${incident.rule}`) : incident.rule);

export function Severity({ incident }) {
  const tone = TONES[incident.severity] ?? 'FAILURE';
  const sign = tone === 'FAILURE' ? '✕' : tone === 'NOT_RUN' ? '·' : '!';
  return html`<span class=${`pill ${tone}`}><i class="sign" aria-hidden="true">${sign}</i>${
    has(`severity_${incident.severity}`) ? t(`severity_${incident.severity}`) : incident.severity}</span>`;
}

// One that is not in the state store, which is the trouble, has no page yet.
export const IncidentLink = ({ incident, children }) => (incident.id === null ? children
  : html`<a href=${links.incident(incident.id)}>${children}</a>`);
