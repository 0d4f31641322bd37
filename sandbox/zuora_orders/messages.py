"""Zuora's messages in the languages of an API user; they quote the customer's keys."""

from __future__ import annotations

from typing import Literal

Language = Literal["en", "ja"]

LANGUAGES: tuple[Language, ...] = ("en", "ja")

# Each message in English and in Japanese.
_TEXTS: dict[str, tuple[str, str]] = {
    "sign in": (
        "this resource is protected, please sign in first",
        "このリソースは保護されています。先にサインインしてください",
    ),
    "denied": (
        "You do not have permission to perform this operation.",
        "この操作を実行する権限がありません。",
    ),
    "unknown field": (
        "The request contains an unknown field: '{field}'.",
        "リクエストに不明なフィールド「{field}」が含まれています。",
    ),
    "missing field": (
        "Missing required field: '{field}'.",
        "必須フィールド「{field}」がありません。",
    ),
    "one of": (
        "'{field}' value should be one of: {values}",
        "「{field}」の値は次のいずれかである必要があります: {values}",
    ),
    "invalid value": (
        "The value of '{field}' is invalid: {value}.",
        "「{field}」の値が無効です: {value}。",
    ),
    "too long": (
        "'{field}' must not be longer than {limit} characters.",
        "「{field}」は {limit} 文字以内で指定してください。",
    ),
    "bad query": (
        "The query parameter '{field}' is not supported or invalid.",
        "クエリパラメータ「{field}」はサポートされていないか無効です。",
    ),
    "malformed": (
        "The request body is not a valid JSON object.",
        "リクエストの本文は有効な JSON オブジェクトではありません。",
    ),
    "not allowed": (
        "Request method '{method}' not supported",
        "リクエストメソッド「{method}」はサポートされていません",
    ),
    "media type": (
        "Content type '{media_type}' not supported",
        "コンテンツタイプ「{media_type}」はサポートされていません",
    ),
    "key not allowed": (
        "Request method '{method}' not supported with Idempotency-Key header",
        "リクエストメソッド「{method}」は Idempotency-Key ヘッダーではサポートされていません",
    ),
    "not found": (
        "Cannot find entity by key: '{key}'.",
        "キー「{key}」のエンティティが見つかりません。",
    ),
    "locked": (
        "Operation failed due to a lock competition, please retry later.",
        "ロックの競合により操作が失敗しました。後でもう一度お試しください。",
    ),
    "internal": ("An internal error occurred.", "内部エラーが発生しました。"),
    "temporary": (
        "A temporary error occurred. Please resubmit the request.",
        "一時的なエラーが発生しました。リクエストを再送信してください。",
    ),
    "integration": (
        "An error occurred in an external system.",
        "外部システムでエラーが発生しました。",
    ),
    "concurrency": (
        "The number of concurrent requests exceeds the limit of {limit}.",
        "同時リクエスト数が上限 {limit} を超えました。",
    ),
    "unsupported": (
        "The sandbox supports only the action CancelSubscription, not '{what}'.",
        "サンドボックスは CancelSubscription のみをサポートし、「{what}」はサポートしません。",
    ),
    "one account": (
        "Specify only one account for the order, not both {first} and {second}.",
        "オーダーのアカウントは {first} と {second} の両方ではなく 1 つだけ指定してください。",
    ),
    "not the owner": (
        "The account {account} is not the invoice owner of the subscription {number}.",
        "アカウント {account} はサブスクリプション {number} の請求書所有者ではありません。",
    ),
    "cancelled": (
        "The subscription {number} is cancelled and cannot be amended.",
        "サブスクリプション {number} はキャンセル済みのため変更できません。",
    ),
    "not active": (
        "Only an active subscription can be cancelled: {number} is {state}.",
        "有効なサブスクリプションのみキャンセルできます: {number} は {state} です。",
    ),
    "refused": (
        "{number}: {reason}",
        "サブスクリプション {number} はキャンセルできません: {reason}",
    ),
    "refused by rule": (
        "The subscription cannot be cancelled.",
        "サブスクリプションはキャンセルできません。",
    ),
    "said": ("{text}", "{text}"),
    "number taken": (
        "The order number {order} already exists.",
        "オーダー番号 {order} は既に存在します。",
    ),
    "order date": (
        "The order date {day} must be >= the subscription contractEffectiveDate {start}: {number}.",
        "オーダー日 {day} は {number} の契約発効日 {start} 以降である必要があります。",
    ),
    "future order": (
        "The order date {day} must not be in the future: {number}.",
        "オーダー日 {day} は将来の日付にできません: {number}。",
    ),
    "too early": (
        "The cancellation date {day} of {number} is before its contract effective date {start}.",
        "{number} のキャンセル日 {day} は契約発効日 {start} より前です。",
    ),
    "too late": (
        "The cancellation date {day} of {number} is after the end of its term {end}.",
        "{number} のキャンセル日 {day} は契約期間の終了日 {end} より後です。",
    ),
    "evergreen": (
        "The evergreen subscription {number} has no end of term.",
        "エバーグリーンのサブスクリプション {number} には契約期間の終了日がありません。",
    ),
    "not invoiced": (
        "Nothing was invoiced for the subscription {number}.",
        "サブスクリプション {number} には請求済みの期間がありません。",
    ),
    "date without policy": (
        "'cancellationEffectiveDate' is only allowed with the policy SpecificDate, not {policy}.",
        "「cancellationEffectiveDate」は SpecificDate でのみ指定できます ({policy} では不可)。",
    ),
    "billing first": (
        "'{field}' cannot be true unless 'runBilling' is true.",
        "「runBilling」が true でない限り「{field}」を true にできません。",
    ),
    "cannot delete": (
        "The order {order} cannot be deleted: {state}.",
        "オーダー {order} は削除できません: {state}。",
    ),
    "not the last": (
        "The order {order} cannot be deleted because it is not the last one of {number}.",
        "オーダー {order} は {number} の最新のオーダーではないため削除できません。",
    ),
    "invoiced": (
        "The order {order} cannot be deleted because its charges are invoiced.",
        "オーダー {order} は料金が請求済みのため削除できません。",
    ),
}


def message(language: Language, name: str, **values: object) -> str:
    """The named message in this language, with its values filled in."""
    return _TEXTS[name][LANGUAGES.index(language)].format(**values)


def texts() -> dict[str, tuple[str, str]]:
    """All messages, each in English and in Japanese."""
    return dict(_TEXTS)
