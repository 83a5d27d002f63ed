// Written by `backbone contracts generate`: do not edit.

/** A decimal as text: a JSON number would lose its digits. */
export type Decimal = string;

/** An instant in UTC, as in 2011-10-04T10:00:00.000000Z. */
export type Instant = string;

/** A day, as in 2011-10-04. */
export type Day = string;

/** 36 characters, lower case. */
export type Uuid = string;

/** A whole number of 64 bits: beyond 2 ** 53 JavaScript rounds it. */
export type Long = number;

/** No document shows bytes. */
export type Bytes = string;
