// SPDX-License-Identifier: Apache-2.0
// What is to be seen of a page: each text with its box, colour and ground, in the document and on canvases.
// Nothing is judged here: drawn.py does.

const canvases = new Map(); // canvas → [{text, box within it, colour}]

const corner = (matrix, x, y) => [matrix.a * x + matrix.c * y + matrix.e, matrix.b * x + matrix.d * y + matrix.f];

/** The box of a text in pixels of the canvas, wherever it is turned to. */
function boxOf(ctx, text, x, y) {
    const size = ctx.measureText(text), matrix = ctx.getTransform();
    const corners = [[x - size.actualBoundingBoxLeft, y - size.actualBoundingBoxAscent],
                     [x + size.actualBoundingBoxRight, y + size.actualBoundingBoxDescent]].map(([a, b]) => corner(matrix, a, b));
    const [xs, ys] = [0, 1].map((i) => corners.map((c) => c[i]));
    return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

/** From here on each canvas is remembered by the texts on it. */
export function watchCanvases() {
    const proto = CanvasRenderingContext2D.prototype, { fillText, clearRect } = proto;
    proto.fillText = function (text, x, y, ...rest) {
        if (this.canvas.isConnected !== undefined && String(text).trim()) {
            if (!canvases.has(this.canvas)) canvases.set(this.canvas, []);
            canvases.get(this.canvas).push({ text: String(text), colour: this.fillStyle, turned: this.getTransform().b !== 0,
                                             box: boxOf(this, text, x, y) });
        }
        return fillText.call(this, text, x, y, ...rest);
    };
    proto.clearRect = function (...area) {
        canvases.set(this.canvas, []);
        return clearRect.apply(this, area);
    };
}

const shrunk = ({ left, right, top, bottom }) => ({ left, right, top, bottom });
const within = (one, other) => ({ left: Math.max(one.left, other.left), right: Math.min(one.right, other.right),
                                  top: Math.max(one.top, other.top), bottom: Math.min(one.bottom, other.bottom) });

function rgba(text) {
    const canvas = rgba.canvas ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
}

const over = ([r, g, b, a], ground) => [r, g, b].map((c, i) => c * a + ground[i] * (1 - a));

/** Colours that a text may stand on: all of a gradient's, one otherwise. */
function grounds(element) {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
        const style = getComputedStyle(at), gradient = style.backgroundImage.match(/rgba?\([^)]*\)/g);
        layers.push(gradient ? gradient.map(rgba) : [rgba(style.backgroundColor)]);
        if (layers.at(-1).every((colour) => colour[3] === 1)) break;
    }
    return layers.reverse().reduce((below, layer) =>
        below.flatMap((ground) => layer.map((colour) => over(colour, ground))), [[255, 255, 255]]);
}

const opacity = (element) => element ? Number(getComputedStyle(element).opacity) * opacity(element.parentElement) : 1;

/** What of a box is seen: cut by every element around it that lets nothing out. */
function seen(element, box) {
    let left = shrunk(box);
    for (let at = element; at && at !== document.body; at = at.parentElement) {
        const { overflowX, overflowY, textOverflow, paddingRight } = getComputedStyle(at), frame = at.getBoundingClientRect();
        // Three dots come before the padding.
        const padding = textOverflow === "ellipsis" ? parseFloat(paddingRight) : 0;
        if (overflowX !== "visible") left = within(left, { ...left, left: frame.left, right: frame.right - padding });
        if (overflowY !== "visible") left = within(left, { ...left, top: frame.top, bottom: frame.bottom });
    }
    return left;
}

function* textsOfDocument(root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const element = node.parentElement;
        if (!node.data.trim() || ["SCRIPT", "STYLE", "TITLE"].includes(element.tagName) || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const boxes = [...range.getClientRects()].filter(({ width, height }) => width && height);
        if (!boxes.length) continue;
        const box = boxes.map(shrunk).reduce((a, b) => ({ left: Math.min(a.left, b.left), right: Math.max(a.right, b.right),
                                                          top: Math.min(a.top, b.top), bottom: Math.max(a.bottom, b.bottom) }));
        const visible = seen(element, box);
        if (visible.right - visible.left < 1 || visible.bottom - visible.top < 1) {
            // Kept for readers of screens, or wholly cut off: said, since a person cannot know of it.
            if (getComputedStyle(element).clip !== "auto" || box.right - box.left <= 1) continue;
        }
        const style = getComputedStyle(element), ground = grounds(element), colour = rgba(style.color), opaque = opacity(element);
        yield { text: node.data.trim(), box, visible, size: parseFloat(style.fontSize), where: "document",
                colours: ground.map((one) => [over([...colour.slice(0, 3), colour[3] * opaque], one), one]) };
    }
}

function* textsOfCanvases(root) {
    for (const canvas of root.querySelectorAll("canvas")) {
        const frame = canvas.getBoundingClientRect(), scale = frame.width / canvas.width, ground = grounds(canvas);
        for (const { text, box, colour, turned } of canvases.get(canvas) ?? []) {
            const moved = { left: frame.left + box.left * scale, right: frame.left + box.right * scale,
                            top: frame.top + box.top * scale, bottom: frame.top + box.bottom * scale };
            yield { text, box: moved, visible: seen(canvas, within(moved, frame)), size: 12, where: "canvas", turned,
                    colours: ground.map((one) => [over(rgba(colour), one), one]) };
        }
    }
}

const textsIn = (root) => [...textsOfDocument(root), ...textsOfCanvases(root)];

/** @panels: what is known of each without looking. */
export function measure(panels) {
    return {
        width: innerWidth, wide: document.documentElement.scrollWidth, tall: document.documentElement.scrollHeight,
        texts: textsIn(document.body),
        panels: panels.map((panel) => {
            const element = document.querySelector(`[data-viz-panel-key="${panel.key}"]`);
            return { ...panel, box: shrunk(element.getBoundingClientRect()), nothing: element.querySelector(".nothing") !== null,
                     texts: textsIn(element) };
        }),
    };
}
