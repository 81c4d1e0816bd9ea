// Which rows of a long list are in view.

import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

export interface View {
  from: number;
  to: number;
  rowHeight: number;
}

/** Rows above and below the view that exist too, so that the Tab key finds the next one. */
const margin = 8;

/** rowHeights are those of the style sheet, for one line and, on a narrow screen, two. */
const wide = 36;
const narrow = 62;
const narrowScreen = "(max-width: 760px)";

/** useWindow follows the scrolling of the page over a body of count rows. */
export function useWindow(body: RefObject<HTMLElement | null>, count: number): View {
  const [view, setView] = useState<View>({ from: 0, to: 60, rowHeight: heightNow() });
  const measure = () => {
    const top = body.current?.getBoundingClientRect().top ?? 0;
    setView((old) => {
      const next = viewAt(-top, innerHeight, heightNow(), count);
      return next.from === old.from && next.to === old.to && next.rowHeight === old.rowHeight ? old : next;
    });
  };
  // Count decides what is in view.
  useLayoutEffect(measure, [count]);
  useEffect(() => {
    addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure, { passive: true });
    return () => {
      removeEventListener("scroll", measure);
      removeEventListener("resize", measure);
    };
  });
  return view;
}

/** viewAt is what a screen of the given height shows, scrolled px into the body. */
export function viewAt(scrolled: number, height: number, rowHeight: number, count: number): View {
  const first = Math.floor(scrolled / rowHeight) - margin;
  const last = Math.ceil((scrolled + height) / rowHeight) + margin;
  const from = Math.max(0, Math.min(first, count));
  return { from, to: Math.max(from, Math.min(last, count)), rowHeight };
}

function heightNow(): number {
  return matchMedia(narrowScreen).matches ? narrow : wide;
}
