/// How reports look, by day and by night, and the little that moves in them.
enum ReportStyle {
  static let sheet = """
    :root{color-scheme:light dark;--page:#f6f6f4;--card:#fff;--ink:#1b1c1e;--soft:#5e636b;--line:#e2e3e0;\
    --track:#ecedea;--right:38 101 196;--wrong:196 80 20;--s0:#2665c4;--s1:#c45014;--s2:#1f8a5b;\
    --mark:#1b1c1e;--over:#fff}
    @media(prefers-color-scheme:dark){:root{--page:#131416;--card:#1c1e21;--ink:#e9eaec;--soft:#a0a6ae;\
    --line:#303338;--track:#2b2e33;--right:96 156 240;--wrong:240 134 72;--s0:#6ea6f5;--s1:#f0914f;\
    --s2:#54c493;--mark:#e9eaec;--over:#131416}}
    *{box-sizing:border-box}
    body{margin:0;background:var(--page);color:var(--ink);\
    font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
    main{max-width:1120px;margin:0 auto;padding:32px 24px 24px}
    h1{font-size:26px;line-height:1.25;font-weight:650;letter-spacing:-.01em;margin:0 0 14px;\
    overflow-wrap:anywhere}
    h2{font-size:17px;font-weight:650;margin:0 0 4px}
    h3{font-size:14px;font-weight:600;margin:18px 0 8px}
    .badge{display:inline-block;font-size:13px;font-weight:600;letter-spacing:0;color:var(--s0);\
    border:1px solid currentColor;border-radius:99px;padding:1px 10px;vertical-align:4px;margin-left:6px}
    .facts{display:flex;flex-wrap:wrap;gap:6px 28px;margin:0 0 22px}
    .facts div{min-width:0;max-width:100%}
    dt{font-size:12px;color:var(--soft)}
    dd{margin:0;overflow-wrap:anywhere}
    section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px 22px;\
    margin:0 0 18px;min-width:0}
    .note{color:var(--soft);margin:0 0 14px;max-width:75ch}
    .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:0 0 18px}
    .tile{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:12px 16px;\
    display:flex;flex-direction:column}
    .tile span{color:var(--soft);font-size:13px}
    .tile b{font-size:27px;line-height:1.25;font-weight:650;letter-spacing:-.02em;\
    font-variant-numeric:tabular-nums}
    .tile small{color:var(--soft);font-size:12px}
    .scroll{overflow:auto;max-width:100%}
    .tall{max-height:38rem}
    table{border-collapse:collapse;font-variant-numeric:tabular-nums}
    th{font-weight:500;color:var(--soft);text-align:left;font-size:13px}
    .rows{width:100%}
    .rows th,.rows td{padding:5px 10px 5px 0;border-bottom:1px solid var(--line);white-space:nowrap}
    .rows thead th{position:sticky;top:0;background:var(--card);z-index:1}
    .rows tbody tr:last-child>*{border-bottom:0}
    .rows .n{text-align:right}
    .rows tbody th{color:var(--ink);font-size:15px;font-weight:400}
    .class{display:flex;align-items:center;gap:8px;max-width:19em}
    .class bdi,.cut{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .swatch{flex:none;width:12px;height:12px;border-radius:3px;border:1px solid rgb(128 128 128/.55)}
    .bar{display:block;height:8px;border-radius:4px;background:var(--track);min-width:70px;overflow:hidden}
    .bar i{display:block;height:100%;border-radius:4px;background:var(--s0)}
    .bar.pale i{background:var(--soft);opacity:.65}
    td.wide{width:36%}td.mid{width:16%}
    .rows .gap{padding-left:18px}
    .heat{font-size:12px}
    .heat td{width:32px;min-width:32px;height:28px;text-align:center;border:1px solid var(--card);\
    background:rgb(var(--wrong)/var(--v,0))}
    .heat td.d{background:rgb(var(--right)/var(--v,0))}
    .heat td.e{background:var(--track)}
    .heat td.o{color:var(--over)}
    .heat thead th{vertical-align:bottom;padding:0 0 6px;text-align:center}
    .heat thead bdi{display:inline-block;writing-mode:vertical-rl;transform:rotate(180deg);max-height:11em;\
    overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .heat tbody th{padding-right:8px;position:sticky;left:0;background:var(--card)}
    .heat tbody .class{max-width:13em;justify-content:flex-end}
    .map{display:block;width:min(100%,640px);aspect-ratio:1;image-rendering:pixelated;\
    border:1px solid var(--line)}
    .pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,340px),1fr));gap:18px 30px}
    .chart svg{display:block;width:100%;height:auto;overflow:visible}
    .chart text{fill:var(--soft);font-size:12px;font-variant-numeric:tabular-nums}
    .chart .grid{stroke:var(--line)}
    .chart .axis{stroke:var(--soft)}
    .chart .curve{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
    .chart .hit{fill:transparent}.chart .hit:hover{fill:currentColor}
    .k0{stroke:var(--s0);color:var(--s0)}.k1{stroke:var(--s1);color:var(--s1)}\
    .k2{stroke:var(--s2);color:var(--s2)}
    .chart .hit{stroke:none}
    .legend{display:flex;flex-wrap:wrap;gap:2px 16px;font-size:13px;color:var(--soft);margin:0 0 6px}
    .legend i{display:inline-block;width:14px;height:3px;border-radius:2px;vertical-align:4px;\
    margin-right:6px;background:currentColor}
    .legend b{font-weight:500;color:var(--soft)}
    .slider{display:flex;flex-wrap:wrap;align-items:center;gap:6px 14px;margin:0 0 10px}
    .slider input{flex:1 1 220px;accent-color:var(--s0)}
    .slider output{flex:1 1 300px;font-variant-numeric:tabular-nums}
    .mark{stroke:var(--mark);stroke-dasharray:3 3}
    .shots{display:grid;gap:22px}
    .shot{margin:0;min-width:0}
    .shot figcaption{display:flex;flex-wrap:wrap;align-items:baseline;gap:2px 12px;margin:0 0 6px}
    .shot figcaption .cut{max-width:100%}
    .shot figcaption b{font-weight:600;font-variant-numeric:tabular-nums}
    .shot div{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:8px}
    .shot span{display:block;font-size:12px;color:var(--soft)}
    .shot img{display:block;width:100%;height:auto;border-radius:6px;background:var(--track)}
    .quiet{color:var(--soft)}
    footer{color:var(--soft);font-size:13px;padding:4px 2px}
    @media(max-width:640px){main{padding:20px 12px}section{padding:16px 14px}.less{display:none}\
    .shot div{grid-template-columns:repeat(2,minmax(0,1fr))}.class{max-width:10em}\
    .heat tbody .class{max-width:7em}}
    @media print{body{background:none}section,.tile{break-inside:avoid}.tall{max-height:none}}
    """

  /// Moves the mark of a chart with a slider and says what is so there. Without it the table beside the
  /// chart says the same.
  static let slider = """
    <script>
    (function(){var box=document.querySelector('[data-kept]'),rows=JSON.parse(box.dataset.kept);
    var input=box.querySelector('input'),output=box.querySelector('output');
    var mark=document.querySelector('.mark');
    function show(){var row=rows[+input.value];output.textContent=row[1];
    mark.setAttribute('x1',row[0]);mark.setAttribute('x2',row[0])}
    input.max=rows.length-1;input.addEventListener('input',show);box.hidden=false;
    mark.removeAttribute('display');show()})();
    </script>
    """
}
