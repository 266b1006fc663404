#!/bin/sh
# Makes the corpora that fuzzing starts from: the fixtures, whole and object by object, and the built-in controls.
set -eu
cd "$(dirname "$0")"
fixtures=../tests/fixtures
mkdir -p corpus/clixml corpus/json corpus/address_space corpus/control corpus/txt_record corpus/policy corpus/exceptions corpus/document corpus/checklist

for file in "$fixtures"/*.clixml; do
    name=$(basename "$file" .clixml)
    # Windows PowerShell's are UTF-16; the parser is given text.
    case $(head -c 2 "$file" | od -An -tx1 | tr -d ' ') in
        fffe) iconv -f UTF-16 -t UTF-8 "$file" > "corpus/clixml/$name" ;;
        *) cp "$file" "corpus/clixml/$name" ;;
    esac
    awk -v name="corpus/clixml/$name" '
        { sub(/\r$/, "") }
        /^<Objs/ { head = $0 }
        /^  <Obj / { part = sprintf("%s.%d", name, count++); print head > part }
        part { print > part }
        /^  <\/Obj>/ { print "</Objs>" > part; close(part); part = "" }
    ' "corpus/clixml/$name"
done

# An object that is referred to from within another that is referred to, which makes much of little.
cat > corpus/clixml/references <<'END'
<Objs><Obj RefId="9"><MS><Obj N="a" RefId="1"><LST><S>SMTP:*;1</S><S>b</S></LST></Obj>
<Obj N="c" RefId="2"><LST><Ref RefId="1" /><Ref RefId="1" /></LST></Obj>
<B N="IgnoreSTARTTLS">true</B><B N="Enabled">true</B><S N="Identity">x</S>
<Ref N="AddressSpaces" RefId="2" /></MS></Obj></Objs>
END

for file in "$fixtures"/*.json; do
    name=$(basename "$file" .json)
    cp "$file" "corpus/json/$name"
    awk -v name="corpus/json/$name" '
        { sub(/\r$/, "") }
        /^  \{/ { part = sprintf("%s.%d", name, count++) }
        part { sub(/^  \},$/, "  }"); print > part }
        /^  \}/ { if (part) close(part); part = "" }
    ' "$file"
done

# One address space a file.
awk '/"AddressSpaces"/ { inside = 1; next } /\]/ { inside = 0 } inside' "$fixtures"/send-connectors.remote.json |
    sed 's/^ *"//; s/",\{0,1\}$//' | sort -u |
    awk '{ part = sprintf("corpus/address_space/%d", NR); printf "%s", $0 > part; close(part) }'
printf 'Local:SMTP:contoso.com; 5' > corpus/address_space/scoped
printf 'X400:c=US;a= ;p=Contoso;o=Exchange;1' > corpus/address_space/x400

cp ../module/ExchangeControl/Controls/*.json corpus/control/
cp ../examples/contoso-exceptions.json corpus/exceptions/example
printf '{"exceptions":[{"control":"*","target":"*","justification":"j","owner":"o","expires":"2027-03-31"},{}]}' \
    > corpus/exceptions/one
cat > corpus/document/one <<'END'
{"schemaVersion": 1,
"tool": {"name": "exchange-control",
"version": "0.1.0"},
"generated": "2027-03-31T00:00:00Z",
"results": [{"controlId": "EX16-ED-000170",
"title": "Internal send connectors authenticate the receiving server",
"category": "Transport Security",
"severity": "Medium",
"severityWeight": 5,
"frameworks": ["DISA"],
"target": {"kind": "SendConnector",
"identity": "Subsidiary Tailspin"},
"status": "Fail",
"reason": "DomainSecureEnabled is False, but must be True",
"evidence": [{"field": "DomainSecureEnabled",
"operator": "equals",
"expected": true,
"actual": false,
"status": "Fail"}],
"issues": [{"code": "c",
"severity": "warning",
"message": "m"}],
"remediation": {"automatable": true,
"description": "Make the connector authenticate the server that it delivers to. Mutual TLS stays idle until the domain is in TLSSendDomainSecureList and TLSReceiveDomainSecureList of Set-TransportConfig (without wildcards).",
"parameters": {"DomainSecureEnabled": true,
"DNSRoutingEnabled": true,
"IgnoreSTARTTLS": false},
"command": "Set-SendConnector -Identity 'Subsidiary Tailspin' -DomainSecureEnabled $true -DNSRoutingEnabled $true -IgnoreSTARTTLS $false",
"script": "# Make the connector authenticate the server that it delivers to. Mutual TLS stays idle until the domain is in TLSSendDomainSecureList and TLSReceiveDomainSecureList of Set-TransportConfig (without wildcards).\nSet-SendConnector -Identity 'Subsidiary Tailspin' -DomainSecureEnabled $true -DNSRoutingEnabled $true -IgnoreSTARTTLS $false"},
"considerations": "Both ways need a certificate from an authority that the other side trusts: domain security on both servers, domain validation on the smart host. Mail to a server that cannot prove its name waits in the queue and is returned in the end.",
"references": [{"name": "DISA STIG for Microsoft Exchange 2016 Edge Transport Server, EX16-ED-000170 (CAT II), rule SV-221218r811174_rule, V-221218, CCI-001184; formerly SV-95227, V-80517",
"url": "https://dl.dod.cyber.mil/wp-content/uploads/stigs/zip/U_MS_Exchange_2016_Y22M07_STIG.zip"}],
"exception": {"justification": "j",
"owner": "o",
"expires": "2027-03-31"},
"change": "new"}],
"summary": {"counts": {"Pass": 0,
"Fail": 1,
"Unknown": 0,
"NotApplicable": 0,
"Excepted": 1,
"ExceptedFail": 1},
"score": null,
"controls": [{"controlId": "EX16-ED-000170",
"status": "NotApplicable",
"weight": 5,
"scored": true,
"frameworks": ["DISA"]}],
"frameworks": [{"name": "DISA",
"score": null}],
"comparison": {"since": "2027-03-30T00:00:00Z",
"onlyNew": false,
"new": 1,
"fixed": 0,
"stillFailing": 0,
"changedEvidence": 0,
"unchanged": 0,
"newFail": 0,
"newUnknown": 0,
"removed": [{"controlId": "X",
"target": {"kind": "SendConnector",
"identity": "gone"},
"status": "Pass"}]}},
"errors": [{"code": "unreadable-input",
"message": "m",
"source": "s",
"path": "/a",
"line": 1}]}
END
cat > corpus/checklist/one <<'END'
{"title":"t","stigs":[{"stig_name":"Edge","rules":[{"group_id":"V-1","status":"open"},{"group_id":"V-221218","rule_id":"SV-221218r811174","rule_id_src":"SV-221218r811174_rule","status":"not_reviewed","finding_details":"seen by Ada","comments":null}]}]}
END
printf 'v=STSv1; id=20260101T000000Z;' > corpus/txt_record/right
printf 'v=STSv1 ; id=1 ; a_b-c.d=x:y; id=2\nv=spf1 -all' > corpus/txt_record/blanks
printf 'v=STSv1;; id=a-b; ID=1; x\nv=STSv10; id=1\n v=stsv1' > corpus/txt_record/wrong
printf 'v=STS\000v1; i\000d=1' > corpus/txt_record/strings
printf 'version: STSv1\nmode: enforce\nmx: mx1.contoso.com\nmx: *.contoso.com\nmax_age: 604800\n' > corpus/policy/right
printf 'version:STSv1\r\nmode: testing \t\r\n\r\nmx: a.\rmax_age: 1\nMode: x\nk: a:b\nmode: none' > corpus/policy/wrong
printf '<!DOCTYPE html>\n<html></html>\n' > corpus/policy/page

for directory in corpus/*; do
    echo "$directory: $(find "$directory" -type f | wc -l) seeds"
done
