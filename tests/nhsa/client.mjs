// A hospital system written without our code: Node's own http, crypto and zlib only.
// Signs in, admits, charges, discharges, settles and loses the answer, reverses, settles again, reconciles.
// usage: node client.mjs '<json>' with url, auth ("A" or "B"), key, secret, fixmedins_code, person {id_no, name}, visit_no
import crypto from "node:crypto";
import http from "node:http";
import zlib from "node:zlib";

const given = JSON.parse(process.argv[2]);
let serial = 0;

function headers() {
  if (given.auth === "A") {
    const signed = {
      _api_access_key: given.key,
      _api_name: "api_call",
      _api_timestamp: String(Date.now()),
      _api_version: "1.0.0",
    };
    const text = Object.keys(signed).sort().map((name) => `${name}=${signed[name]}`).join("&");
    const signature = crypto.createHmac("sha1", given.secret).update(text, "utf8").digest("base64");
    return { ...signed, _api_signature: signature };
  }
  const stamp = String(Math.floor(Date.now() / 1000));
  const nonce = crypto.randomUUID().replaceAll("-", "").slice(0, 20);
  const signature = crypto.createHash("sha256").update(stamp + given.secret + nonce + stamp).digest("hex");
  return { "x-tif-paasid": given.key, "x-tif-timestamp": stamp, "x-tif-nonce": nonce, "x-tif-signature": signature };
}

function message(infno, input, msgid) {
  serial += 1;
  return {
    infno,
    msgid: msgid ?? `${given.fixmedins_code}${Date.now()}${String(serial).padStart(4, "0")}`,
    mdtrtarea_admvs: "459901", insuplc_admdvs: "459901", recer_sys_code: "99", dev_no: "null", dev_safe_info: "",
    cainfo: "", signtype: "", infver: "1.0.0", opter_type: "1", opter: "0001", opter_name: "收费员甲",
    inf_time: "2018-06-10 10:00:00", fixmedins_code: given.fixmedins_code, fixmedins_name: "县人民医院", sign_no: "",
    input,
  };
}

function post(body, loseAnswer = false) {
  return new Promise((resolve, reject) => {
    const text = Buffer.from(JSON.stringify(body), "utf8");
    const options = {
      method: "POST",
      headers: { ...headers(), "Content-Type": "text/plain", "Content-Length": text.length },
    };
    const request = http.request(given.url, options, (response) => {
      if (loseAnswer) { request.destroy(); resolve(null); return; }
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ status: response.statusCode, body: Buffer.concat(parts) }));
    });
    request.on("error", (error) => (loseAnswer ? resolve(null) : reject(error)));
    request.end(text);
  });
}

async function call(infno, input, msgid) {
  const answered = await post(message(infno, input, msgid));
  if (answered.status !== 200) throw new Error(`${infno}: HTTP ${answered.status} ${answered.body}`);
  const answer = JSON.parse(answered.body.toString("utf8"));
  if (answer.infcode !== 0) throw new Error(`${infno}: ${answer.err_msg}`);
  return answer.output;
}

// zlib.crc32 is younger than the Node.js of some distributions.
function crc32(content) {
  let crc = 0xffffffff;
  for (const byte of content) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function zipped(name, content) {
  const crc = crc32(content);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0); local.writeUInt16LE(20, 4); local.writeUInt32LE(crc, 14);
  local.writeUInt32LE(content.length, 18); local.writeUInt32LE(content.length, 22); local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0); central.writeUInt16LE(20, 4); central.writeUInt16LE(20, 6);
  central.writeUInt32LE(crc, 16); central.writeUInt32LE(content.length, 20); central.writeUInt32LE(content.length, 24);
  central.writeUInt16LE(name.length, 28);
  const begin = Buffer.concat([local, Buffer.from(name), content]);
  const middle = Buffer.concat([central, Buffer.from(name)]);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0); end.writeUInt16LE(1, 8); end.writeUInt16LE(1, 10);
  end.writeUInt32LE(middle.length, 12); end.writeUInt32LE(begin.length, 16);
  return Buffer.concat([begin, middle, end]);
}

function unzipped(archive) {
  const nameLength = archive.readUInt16LE(26), extraLength = archive.readUInt16LE(28), size = archive.readUInt32LE(18);
  const start = 30 + nameLength + extraLength;
  return zlib.inflateRawSync(archive.subarray(start, start + size)).toString("utf8");
}

const card = {
  mdtrt_cert_type: "02", mdtrt_cert_no: given.person.id_no, psn_cert_type: "01", certno: given.person.id_no,
  psn_name: given.person.name,
};
const place = { insuplc_admdvs: "459901", mdtrtarea_admvs: "459901" };
const diagnosis = {
  diag_type: "1", maindiag_flag: "1", diag_srt_no: 1, diag_code: "I10.x00", diag_name: "高血压", diag_dept: "01",
  dise_dor_no: "D1", dise_dor_name: "医生乙", diag_time: "2018-06-01 09:00:00",
};
await call("9001", { signIn: { opter_no: "0001", mac: "00-00-00-00-00-00", ip: "10.0.0.9" } });
const person = (await call("1101", { data: card })).baseinfo;
const { mdtrt_id } = (await call("2401", {
  mdtrtinfo: {
    psn_no: person.psn_no, insutype: "390", begntime: "2018-06-01 08:00:00", mdtrt_cert_type: "02", cert_type: "01",
    certno: given.person.id_no, med_type: "2101", ipt_no: given.visit_no, atddr_no: "D1", chfpdr_name: "医生乙",
    adm_diag_dscr: "高血压", adm_dept_codg: "01", adm_dept_name: "内科", adm_bed: "1", dscg_maindiag_code: "I10.x00",
    dscg_maindiag_name: "高血压", ...place,
  },
  diseinfo: [{ psn_no: person.psn_no, ...diagnosis }],
})).result;
const whose = { mdtrt_id, psn_no: person.psn_no };
await call("2301", {
  feedetail: [{
    feedetl_sn: "1", ...whose, med_type: "2101", fee_ocur_time: "2018-06-02 09:00:00", med_list_codg: "XA01",
    medins_list_codg: "Y1", det_item_fee_sumamt: 6000.00, cnt: 300, pric: 20.00, bilg_dept_codg: "01",
    bilg_dept_name: "内科", bilg_dr_codg: "D1", bilg_dr_name: "医生乙", exp_content: JSON.stringify({ chrgitm_lv: "01" }),
  }],
});
await call("2402", {
  dscginfo: {
    ...whose, insutype: "390", endtime: "2018-06-09 10:00:00", dscg_dept_codg: "01", dscg_dept_name: "内科", dscg_way: "1",
  },
  diseinfo: [{ ...whose, ...diagnosis }],
});
const settling = {
  data: {
    ...whose, ...card, psn_type: "151", medfee_sumamt: "6000.00", psn_setlway: "01", insutype: "390",
    acct_used_flag: "0", mid_setl_flag: "0", ...place,
  },
};
const lost = message("2304", settling);
await post(lost, true);
await call("2601", { data: { psn_no: person.psn_no, omsgid: lost.msgid, oinfno: "2304" } });
const late = JSON.parse((await post(lost)).body.toString("utf8"));
const settled = (await call("2304", settling)).setlinfo;
const seen = (await call("5203", { data: { ...whose, setl_id: settled.setl_id } })).setlinfo;
const range = { stmt_begndate: given.today, stmt_enddate: given.today, setl_optins: "459901", clr_type: "21" };
const figures = {
  medfee_sumamt: settled.medfee_sumamt, fund_pay_sumamt: settled.fund_pay_sumamt, fixmedins_setl_cnt: 1,
  fixmedins_refd_setl_flag: "0",
};
const totals = (await call("3201", { data: { ...range, insutype: "390", ...figures, acct_pay: 0 } })).stmtinfo;
const row = [settled.setl_id, mdtrt_id, person.psn_no, "6000.00", String(settled.fund_pay_sumamt), "0.00", "0"];
const content = Buffer.from(`${row.join("\t")}\n`, "utf8");
const file = await call("9101", {
  fsUploadIn: {
    in: zipped("dz.txt", content).toString("base64"), filename: "dz.zip", fixmedins_code: given.fixmedins_code,
  },
});
const compared = (await call("3202", {
  data: { ...range, ...figures, cash_payamt: settled.psn_cash_pay, file_qury_no: file.file_qury_no },
})).fileinfo;
const fetched = await post(message("9102", {
  fsDownloadIn: { file_qury_no: compared.file_qury_no, filename: compared.filename, fixmedins_code: given.fixmedins_code },
}));
const result = unzipped(fetched.body).trimEnd().split("\n").map((line) => line.split("\t"));
console.log(JSON.stringify({ settled, seen, late, totals, result }));
