/** A picture that is larger than its box, with the whole of it in small beside it: press or drag there to go. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { helps, type Part, scaleOf, scrolledTo, type Spot } from "./minimap-model";

const NOTHING: Part = { left: 0, top: 0, width: 0, height: 0 };

interface Props {
  class: string;
  label: string;
  width: number;
  height: number;
  spots: Spot[];
  children: ComponentChildren;
}

/** By keyboard the box itself is scrolled; the minimap is for the pointer alone, and not read out. */
export function Mapped({ class: name, label, width, height, spots, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState(NOTHING);
  useEffect(() => {
    const found = box.current;
    if (!found) return;
    const measure = () => setSeen({ left: found.scrollLeft, top: found.scrollTop, width: found.clientWidth, height: found.clientHeight });
    measure();
    const sizes = new ResizeObserver(measure);
    sizes.observe(found);
    found.addEventListener("scroll", measure, { passive: true });
    return () => {
      sizes.disconnect();
      found.removeEventListener("scroll", measure);
    };
  }, [width, height]);
  const scale = scaleOf(width, height);
  const to = (event: PointerEvent & { currentTarget: SVGSVGElement }) => {
    if (!event.buttons) return;
    const at = event.currentTarget.getBoundingClientRect();
    box.current?.scrollTo(scrolledTo(event.clientX - at.left, event.clientY - at.top, scale, seen));
  };
  return (
    <div class="mapped">
      <div ref={box} class={name} tabIndex={0} role="group" aria-label={label}>
        {children}
      </div>
      {helps(spots.length, seen, width, height) && (
        <svg class="minimap" width={width * scale} height={height * scale} aria-hidden="true" onPointerDown={to} onPointerMove={to}>
          {spots.map((one) => (
            <rect
              key={one.key}
              class={one.severity}
              x={one.left * scale}
              y={one.top * scale}
              width={Math.max(2, one.width * scale)}
              height={Math.max(1.5, one.height * scale)}
            />
          ))}
          <rect class="seen" x={seen.left * scale} y={seen.top * scale} width={seen.width * scale} height={seen.height * scale} />
        </svg>
      )}
    </div>
  );
}
