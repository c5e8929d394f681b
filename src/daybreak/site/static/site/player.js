// The player: a bar over a plain <audio>, which stays as it is where this script does not run.
//
// The <section class="player"> names the length in data-duration (seconds) and, in data-timings, the address of
// [{"s": 12, "start": 3.2, "end": 7.9}, …]: when each sentence <span data-s="12"> of the page is spoken.
// Position, speed and volume are remembered in localStorage and never leave the browser.
"use strict";
(() => {
  const SKIP = 15; // seconds
  const VOLUME_STEP = 5; // of 100
  const PAUSE = 1; // seconds a sentence stays marked after its end
  const POSITIONS_KEPT = 10; // editions
  const PREFERENCES = "daybreak.player";
  const POSITIONS = "daybreak.positions";

  const bar = document.querySelector(".player");
  if (!bar) return;
  const part = (name) => bar.querySelector(`[data-part="${name}"]`);
  const audio = bar.querySelector("audio");
  const [play, seek, time, now, speed, volume, volumeShown, status, chapters] = [
    "play", "seek", "time", "now", "speed", "volume", "volume-shown", "status", "chapters",
  ].map(part);

  // ── what is remembered ────────────────────────────────────────────────────────────────────────────────────
  function recall(key, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(key)) ?? otherwise;
    } catch {
      return otherwise; // storage is off, or holds something else
    }
  }

  function remember(key, value) {
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      // private windows may refuse; the player works without a memory
    }
  }

  function positions() {
    const kept = recall(POSITIONS, []);
    return Array.isArray(kept) ? kept : [];
  }

  const edition = new URL(audio.getAttribute("src"), location.href).pathname;

  function rememberPosition() {
    const others = positions().filter((kept) => kept[0] !== edition);
    const finished = audio.ended || position() > length() - 1;
    const here = finished ? [] : [[edition, Math.floor(position())]];
    remember(POSITIONS, [...here, ...others].slice(0, POSITIONS_KEPT));
  }

  // ── where we are ──────────────────────────────────────────────────────────────────────────────────────────
  const stated = Number(bar.dataset.duration);
  const length = () => (Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : stated);
  let wanted = 0; // the position chosen before any audio is loaded

  const loaded = () => audio.readyState >= HTMLMediaElement.HAVE_METADATA;
  const position = () => (loaded() ? audio.currentTime : wanted);

  function goTo(seconds) {
    wanted = Math.min(Math.max(seconds, 0), length());
    if (loaded()) audio.currentTime = wanted;
    show();
  }

  function clock(seconds) {
    const whole = Math.floor(seconds);
    const minutes = String(Math.floor(whole / 60) % 60);
    const tail = String(whole % 60).padStart(2, "0");
    return whole < 3600 ? `${minutes}:${tail}` : `${Math.floor(whole / 3600)}:${minutes.padStart(2, "0")}:${tail}`;
  }

  function show() {
    const at = position();
    const words = `${clock(at)} / ${clock(length())}`;
    if (time.textContent !== words) time.textContent = words;
    seek.max = Math.ceil(length());
    seek.value = at;
    seek.setAttribute("aria-valuetext", `${clock(at)} of ${clock(length())}`);
    seek.style.setProperty("--filled", `${(100 * at) / length()}%`);
    if (begun) speakAlong(at);
  }

  // ── the sentence now spoken ───────────────────────────────────────────────────────────────────────────────
  let timings = [];
  let begun = false;
  let spoken = null;

  async function fetchTimings() {
    if (!bar.dataset.timings) return;
    try {
      const answer = await fetch(bar.dataset.timings);
      const heard = answer.ok ? await answer.json() : [];
      timings = Array.isArray(heard) ? heard : [];
    } catch {
      timings = []; // the edition is heard all the same, only without the text following
    }
    show();
  }

  // The last sentence begun, kept through the short silence after it.
  function sentenceAt(seconds) {
    let low = 0;
    let high = timings.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (timings[middle].start <= seconds) low = middle + 1;
      else high = middle;
    }
    const last = timings[low - 1];
    return last && seconds < last.end + PAUSE ? last.s : null;
  }

  const spansOf = (number) => document.querySelectorAll(`[data-s="${Number(number)}"]`);

  function speakAlong(seconds) {
    const number = sentenceAt(seconds);
    if (number === spoken) return;
    if (spoken !== null) for (const span of spansOf(spoken)) span.classList.remove("spoken");
    spoken = number;
    if (number === null) return;
    const spans = [...spansOf(number)];
    for (const span of spans) span.classList.add("spoken");
    if (spans.length) now.textContent = spans.map((span) => span.textContent).join(" ");
    now.disabled = !spans.length;
  }

  function showInText() {
    const [span] = spoken === null ? [] : spansOf(spoken);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    span?.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  }

  // ── what the listener does ────────────────────────────────────────────────────────────────────────────────
  async function toggle() {
    if (!audio.paused) return audio.pause();
    status.textContent = "";
    try {
      await audio.play();
    } catch (refusal) {
      if (refusal.name !== "AbortError") fail(); // AbortError: paused again before it began
    }
  }

  function fail() {
    status.textContent = "The audio could not be loaded. Check the connection and press play again.";
  }

  function setVolume(value) {
    volume.value = value;
    volumeShown.textContent = volume.value;
    audio.volume = volume.value / 100;
    volume.style.setProperty("--filled", `${volume.value}%`);
  }

  function rememberPreferences() {
    remember(PREFERENCES, { speed: speed.value, volume: Number(volume.value) });
  }

  // Space on a button, a list or the chapters' heading is theirs; arrows in the speed list and volume are theirs.
  function pressed(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const { target, key } = event;
    if (key === "Escape" && chapters?.open) {
      chapters.open = false;
      chapters.querySelector("summary").focus();
    } else if (key === " " && !target.closest("button, select, summary")) toggle();
    else if (target === speed || target === volume) return;
    else if (key === "ArrowLeft") goTo(position() - SKIP);
    else if (key === "ArrowRight") goTo(position() + SKIP);
    else if (key === "ArrowUp") changeVolume(VOLUME_STEP);
    else if (key === "ArrowDown") changeVolume(-VOLUME_STEP);
    else return;
    event.preventDefault();
  }

  function changeVolume(by) {
    setVolume(Number(volume.value) + by);
    rememberPreferences();
  }

  function startChapter(event) {
    const chapter = event.target.closest("[data-start]");
    if (!chapter) return;
    chapters.open = false;
    chapters.querySelector("summary").focus();
    goTo(Number(chapter.dataset.start));
    if (audio.paused) toggle();
  }

  function stateChanged() {
    const playing = !audio.paused;
    bar.classList.toggle("playing", playing);
    play.setAttribute("aria-label", playing ? "Pause" : "Play");
  }

  // Headphone buttons and the lock screen.
  function wireDevice() {
    if (!("mediaSession" in navigator)) return;
    navigator.mediaSession.metadata = new MediaMetadata({ title: document.title });
    navigator.mediaSession.setActionHandler("seekbackward", () => goTo(position() - SKIP));
    navigator.mediaSession.setActionHandler("seekforward", () => goTo(position() + SKIP));
  }

  function wire() {
    play.addEventListener("click", toggle);
    part("back").addEventListener("click", () => goTo(position() - SKIP));
    part("forward").addEventListener("click", () => goTo(position() + SKIP));
    seek.addEventListener("input", () => goTo(Number(seek.value)));
    now.addEventListener("click", showInText);
    volume.addEventListener("input", () => changeVolume(0));
    speed.addEventListener("change", () => {
      audio.playbackRate = Number(speed.value);
      rememberPreferences();
    });
    chapters?.addEventListener("click", startChapter);
    bar.addEventListener("keydown", pressed);
    document.addEventListener("click", (event) => {
      if (chapters && !chapters.contains(event.target)) chapters.open = false;
    });
  }

  function wireAudio() {
    audio.addEventListener("loadedmetadata", () => goTo(wanted));
    audio.addEventListener("play", () => {
      if (!begun) fetchTimings();
      begun = true;
      bar.classList.add("begun");
    });
    for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, stateChanged);
    for (const name of ["timeupdate", "seeked", "durationchange"]) audio.addEventListener(name, show);
    for (const name of ["pause", "ended"]) audio.addEventListener(name, rememberPosition);
    audio.addEventListener("error", fail);
    addEventListener("pagehide", () => begun && rememberPosition());
  }

  function begin() {
    const preferences = recall(PREFERENCES, {});
    speed.value = preferences.speed ?? "1";
    if (!speed.value) speed.value = "1";
    audio.playbackRate = audio.defaultPlaybackRate = Number(speed.value);
    setVolume(Number.isFinite(preferences.volume) ? preferences.volume : 80);
    const asked = /^#t=(\d+(?:\.\d+)?)$/.exec(location.hash);
    const left = Number(positions().find((kept) => kept[0] === edition)?.[1]) || 0;
    wire();
    wireAudio();
    wireDevice();
    audio.controls = false;
    bar.classList.add("ready");
    goTo(asked ? Number(asked[1]) : left);
    if (asked) bar.scrollIntoView();
  }

  begin();
})();
